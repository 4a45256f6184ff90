# What the types cannot refuse.
{ config, lib }:
let
  cfg = config.services.hypervisor-tui;
  consoles = lib.optional (cfg.tty != null) cfg.tty ++ cfg.serial.ttys;
  services = config.services;
  on = path: lib.attrByPath (path ++ [ "enable" ]) false services;
  # Who else draws on which virtual terminal. Display managers take the first; lightdm takes the seventh, startx none.
  others = lib.filter (other: other.taken) [
    {
      name = "services.greetd";
      taken = on [ "greetd" ];
      vt = services.greetd.settings.terminal.vt or 1;
    }
    {
      name = "services.displayManager";
      taken =
        (on [ "displayManager" ] || on [ "displayManager" "gdm" ] || on [ "displayManager" "ly" ])
        && !(on [ "greetd" ])
        && !(on [ "xserver" "displayManager" "lightdm" ])
        && !(on [ "xserver" "displayManager" "startx" ]);
      vt = 1;
    }
    {
      name = "services.cage";
      taken = on [ "cage" ];
      vt = 1;
    }
    {
      name = "services.kmscon";
      taken = on [ "kmscon" ];
      vt = 1;
    }
  ];
  clash = lib.filter (other: "tty${toString other.vt}" == cfg.tty) others;

  # What a console on a virtual terminal falls back to.
  getty = "getty@${cfg.tty}";
  gone = lib.filter (unit: !(config.systemd.services.${unit}.enable or true)) [
    "getty@"
    getty
  ];

  # Whether a list of sshd's patterns USER or USER@HOST may mean the console's user; its groups are those of ssh.nix.
  sshd = services.openssh.settings or { };
  means =
    list: names:
    lib.any (
      pattern:
      let
        user = lib.head (lib.splitString "@" pattern);
      in
      lib.elem user names || lib.match ".*[*?].*" user != null
    ) list;
  listed = key: if sshd.${key} or null == null then [ ] else lib.toList sshd.${key};
  shutOut =
    key: names: allows:
    listed key != [ ] && (if allows then !(means (listed key) names) else lib.any (n: lib.elem n (listed key)) names);
  groups =
    if serve.attach.enable then
      [ "hypervisor-tui-viewers" ]
    else
      [
        "hypervisor-tui"
        "systemd-journal"
      ];
  closed =
    lib.optional (shutOut "AllowUsers" [ cfg.ssh.user ] true) "AllowUsers"
    ++ lib.optional (shutOut "AllowGroups" groups true) "AllowGroups"
    ++ lib.optional (shutOut "DenyUsers" [ cfg.ssh.user ] false) "DenyUsers"
    ++ lib.optional (shutOut "DenyGroups" groups false) "DenyGroups";

  inherit (cfg.settings) serve;
  answersHTTP = serve.exporter.enable || serve.web.enable || serve.peers.enable;
  authenticates = serve.auth.tokenFile != null || serve.auth.webConfigFile != null || serve.tls.clientCAFile != null;
  listens = f: lib.filter (address: f (import ./address.nix address)) (lib.optionals answersHTTP cfg.serve.listen);
  # What other machines reach, and what each user of this machine reaches too.
  public = listens (a: !a.local);
  ip = listens (a: !a.unix);

  # What a package without the cluster has not.
  lacking = lib.optionals (!(cfg.package.withKube or true) && !cfg.rescue.active) (
    lib.optional answersHTTP "exporter, web or peers"
    ++ lib.optional serve.attach.enable "attach"
    ++ lib.optional cfg.actions.enable "actions"
    ++ lib.optional (cfg.plugins != { }) "plugins"
  );

  inherit (cfg.settings) peers;
  missing = lib.filter (file: peers.${file} or null == null) [
    "caFile"
    "certFile"
    "keyFile"
  ];
in
[
  {
    assertion = consoles != [ ] || cfg.ssh.enable || answersHTTP;
    message = ''
      services.hypervisor-tui is enabled and has nowhere to draw: set tty, serial.ttys or ssh.enable.
    '';
  }
  {
    assertion = lacking == [ ];
    message = ''
      services.hypervisor-tui.package is one of withKube = false, and cannot do ${lib.concatStringsSep ", " lacking}: take one of
      withKube = true.
    '';
  }
  {
    assertion = answersHTTP -> cfg.serve.listen != [ ];
    message = ''
      services.hypervisor-tui.exporter and web are nowhere to be reached: set serve.listen.
    '';
  }
  {
    assertion = public != [ ] -> serve.tls.certFile != null && authenticates;
    message = ''
      services.hypervisor-tui.serve.listen has ${toString public}, which other machines reach: set serve.tls.certFile and
      keyFile, and one of serve.auth.tokenFile, serve.auth.webConfigFile and serve.tls.clientCAFile. Or take 127.0.0.1, or a
      Unix socket.
    '';
  }
  {
    assertion = public != [ ] && !serve.peers.enable -> lib.any (a: a != "localhost") cfg.serve.clientAddresses;
    message = ''
      services.hypervisor-tui.serve.clientAddresses lets nobody in from elsewhere, and serve.listen has ${toString public}:
      add the networks that may connect, or "any".
    '';
  }
  {
    assertion = serve.web.enable && ip != [ ] -> authenticates;
    message = ''
      services.hypervisor-tui.web shows the logs to each user, and to each page in a browser, of this machine on
      ${toString ip}: set serve.auth.webConfigFile, or let serve.listen be a Unix socket.
    '';
  }
  {
    assertion = (serve.tls.certFile == null) == (serve.tls.keyFile == null);
    message = ''
      services.hypervisor-tui.serve.tls has one of certFile and keyFile: set both.
    '';
  }
  {
    assertion = serve.tls.clientCAFile != null -> serve.tls.certFile != null;
    message = ''
      services.hypervisor-tui.serve.tls.clientCAFile counts for TLS alone: set certFile and keyFile.
    '';
  }
  {
    assertion = serve.tls.allowNames != [ ] -> serve.tls.clientCAFile != null;
    message = ''
      services.hypervisor-tui.serve.tls.allowNames names clients of no authority: set clientCAFile.
    '';
  }
  {
    assertion = serve.listen or [ ] == [ ] && serve.socket or null == null;
    message = ''
      services.hypervisor-tui.settings.serve has listen or socket, which are for machines whose systemd makes no sockets:
      set serve.listen and attach.enable.
    '';
  }
  {
    assertion = peers.enable -> missing == [ ];
    message = ''
      services.hypervisor-tui.peers.enable is true without ${lib.concatStringsSep ", " missing}: nodes know each other by their
      certificates. docs/remote.md says how to make them.
    '';
  }
  {
    assertion = peers.enable || serve.peers.enable -> cfg.peers.addresses != [ ];
    message = ''
      services.hypervisor-tui.peers.addresses is empty: the console may ask no other node, and none may come. Name the networks
      of the nodes, or "any".
    '';
  }
  {
    assertion = serve.peers.enable -> listens (a: !a.local && a.port == cfg.peers.port) != [ ];
    message = ''
      services.hypervisor-tui.serve.listen has no address of port ${toString cfg.peers.port} that other nodes reach: they ask that of
      peers.port.
    '';
  }
  {
    assertion = cfg.settings.prometheus.url or null != null -> cfg.prometheus.addresses != [ ];
    message = ''
      services.hypervisor-tui.prometheus.url has a name, and the console may talk to no address of that: set prometheus.addresses,
      with that of the name server.
    '';
  }
  {
    assertion = cfg.prometheus.url == null -> cfg.prometheus.caFile == null && cfg.prometheus.tokenFile == null;
    message = ''
      services.hypervisor-tui.prometheus has files for a Prometheus that has no url.
    '';
  }
  {
    assertion = serve.peers.enable -> serve.tls.clientCAFile != null;
    message = ''
      services.hypervisor-tui.serve.peers answers those with a certificate of serve.tls.clientCAFile, which is null: set
      peers.caFile.
    '';
  }
  {
    assertion = lib.allUnique cfg.serial.ttys;
    message = ''
      services.hypervisor-tui.serial.ttys names a line twice: ${toString cfg.serial.ttys}. Only one console can draw on it.
    '';
  }
  {
    assertion = clash == [ ];
    message = ''
      services.hypervisor-tui.tty is ${toString cfg.tty}, which ${lib.concatMapStringsSep " and " (o: o.name) clash} takes too.
      Set another virtual terminal such as tty8, or null.
    '';
  }
  {
    assertion = cfg.tty != null && !cfg.rescue.active -> gone == [ ];
    message = ''
      services.hypervisor-tui.tty is ${toString cfg.tty}, and this machine has no login prompt there for a console that
      fails: systemd.services."${toString (lib.head (gone ++ [ "" ]))}".enable is false, as profiles/headless.nix and
      console.enable = false set it. Set tty = null and serial.ttys or ssh.enable; or set that to lib.mkForce true.
    '';
  }
  {
    assertion = cfg.ssh.enable -> config.services.openssh.enable;
    message = ''
      services.hypervisor-tui.ssh.enable needs the SSH server: set services.openssh.enable.
    '';
  }
  {
    assertion = cfg.ssh.enable -> cfg.ssh.authorizedKeys != [ ];
    message = ''
      services.hypervisor-tui.ssh.enable lets nobody in: set ssh.authorizedKeys.
    '';
  }
  {
    assertion = cfg.ssh.enable -> closed == [ ];
    message = ''
      services.hypervisor-tui.ssh.enable lets nobody in: services.openssh.settings.${lib.concatStringsSep " and ." closed}
      shuts its user ${cfg.ssh.user} out, whose groups are ${lib.concatStringsSep " and " groups}.
    '';
  }
  {
    assertion = cfg.login.enable -> consoles != [ ];
    message = ''
      services.hypervisor-tui.login.enable has no terminal to hand over: set tty or serial.ttys.
    '';
  }
  {
    assertion = cfg.rescue.active || (cfg.settings.login or false) == cfg.login.enable;
    message = ''
      services.hypervisor-tui.settings.login and login.enable differ: set login.enable alone, which makes the login prompt
      too.
    '';
  }
  {
    assertion = cfg.rescue.enable -> lib.any (tty: tty != cfg.rescue.login) consoles;
    message = ''
      services.hypervisor-tui.rescue.enable leaves no terminal for the console: rescue.login is ${cfg.rescue.login}, and
      tty and serial.ttys name no other.
    '';
  }
]
