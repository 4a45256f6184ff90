# services.hypervisor-tui: the console on a virtual terminal, on serial lines, in the rescue entry, over SSH, and for browsers
# and Prometheus.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault mkIf optional;
  cfg = config.services.hypervisor-tui;

  group = "hypervisor-tui";
  runtime = "/run/hypervisor-tui";
  kubeconfig = "${runtime}/kubeconfig";
  state = "/var/lib/hypervisor-tui";

  ttys = lib.filter (tty: !(cfg.rescue.active && tty == cfg.rescue.login)) (
    optional (cfg.tty != null) cfg.tty ++ cfg.serial.ttys
  );
  isVT = tty: lib.match "tty[0-9]+" tty != null;
  serial = lib.filter (tty: !isVT tty) ttys;
  # Attributes named and made after each of some terminals.
  perTTY =
    ttys: name: value:
    lib.listToAttrs (map (tty: lib.nameValuePair (name tty) (value tty)) ttys);
  term = tty: if isVT tty then "linux" else cfg.serial.term;

  # The options that are keys of the configuration file, by the same name.
  flat = lib.genAttrs (import ./keys.nix) (key: mkDefault cfg.${key}) // {
    kubeconfigPath = mkDefault (if cfg.kubeconfigPath == null then null else kubeconfig);
    login = mkDefault handsOver;
    # One file for all: the recorder writes it, and no console does where it is named.
    history = lib.mapAttrs (_: mkDefault) {
      enable = cfg.history.enable && !cfg.rescue.active;
      path = "${state}/flight";
      inherit (cfg.history) size;
    };
    # Consoles on this machine's terminals share the list; the server for others has one of its own.
    peers =
      lib.mapAttrs (_: mkDefault) {
        inherit (cfg.peers) enable port;
        nodes = lib.mapAttrsToList (name: address: { inherit name address; }) cfg.peers.nodes;
        path = "${state}/peers.json";
      }
      // lib.mapAttrs (option: _: mkDefault (copyOf "peers.${option}")) peerFiles;
    prometheus = lib.optionalAttrs (cfg.prometheus.url != null && !cfg.rescue.active) (
      { url = mkDefault cfg.prometheus.url; } // lib.mapAttrs (option: _: mkDefault (copyOf "prometheus.${option}")) prometheusFiles
    );
    # Where others look; systemd makes the sockets, and hands the files over.
    serve =
      let
        files = lib.mapAttrs (id: path: mkDefault (if path == null then null else "/run/credentials/hypervisor-tui-serve.service/${id}"));
      in
      {
        names = mkDefault cfg.web.names;
        maxViewers = mkDefault cfg.serve.maxViewers;
        tls = files { inherit (cfg.serve.tls) certFile keyFile clientCAFile; } // {
          allowNames = mkDefault cfg.serve.tls.allowNames;
        };
        auth = files { inherit (cfg.serve.auth) tokenFile webConfigFile; };
        exporter = lib.mapAttrs (_: mkDefault) { inherit (cfg.exporter) enable kubevirtNames textfiles; };
        web = lib.mapAttrs (_: mkDefault) { inherit (cfg.web) enable logs; };
        attach.enable = mkDefault cfg.attach.enable;
        peers.enable = mkDefault cfg.peers.enable;
      };
  };

  # What root alone may read, and the console by copies.
  copyOf = option: "${runtime}/${option}";
  peerFiles = lib.filterAttrs (_: source: source != null) { inherit (cfg.peers) caFile certFile keyFile; };
  prometheusFiles = lib.filterAttrs (_: source: source != null) { inherit (cfg.prometheus) caFile tokenFile; };
  handed =
    let
      copies = section: lib.mapAttrs' (option: lib.nameValuePair (copyOf "${section}.${option}"));
    in
    lib.optionalAttrs peers.enable (copies "peers" peerFiles)
    // lib.optionalAttrs asksPrometheus (copies "prometheus" prometheusFiles);
  peers = cfg.settings.peers;
  asksPrometheus = cfg.settings.prometheus.url or null != null;

  inherit (cfg.settings) serve;
  answersHTTP = serve.exporter.enable || serve.web.enable || serve.peers.enable;
  serves = !cfg.rescue.active && (answersHTTP || serve.attach.enable);
  credentials = lib.filterAttrs (_: path: path != null) {
    inherit (cfg.serve.tls) certFile keyFile clientCAFile;
    inherit (cfg.serve.auth) tokenFile webConfigFile;
  };
  others = import ./serve.nix {
    inherit exe addresses credentials;
    clientAddresses = cfg.serve.clientAddresses ++ lib.optionals serve.peers.enable cfg.peers.addresses;
    configFile = "/etc/${etc "serve"}";
    logBufferSize = cfg.settings.logBufferSize or cfg.logBufferSize;
    listen = lib.optionals answersHTTP cfg.serve.listen;
    attach = serve.attach.enable;
    group = "hypervisor-tui-viewers";
  };

  # For whoever has a shell already: it may be left, and hands nothing over.
  typed = {
    quit = true;
    login = false;
  };

  # Another list of the peers than that of the consoles on the machine's own terminals.
  keeps = list: { peers = peers // { path = list; }; };

  etc = name: "hypervisor-tui/${name}.yaml";
  exe = lib.getExe (if cfg.rescue.active then cfg.rescue.package else cfg.package);
  settingsFile = import ./settings.nix { inherit pkgs exe; };
  configFile = name: changes: {
    ${etc name}.source = settingsFile "${name}.yaml" (removeAttrs cfg.settings [ "serve" ] // changes);
  };

  console =
    tty:
    import ./console.nix {
      inherit tty exe;
      term = term tty;
      configFile = "/etc/${etc tty}";
      logBufferSize = cfg.settings.logBufferSize or cfg.logBufferSize;
      inherit addresses;
      login = handsOver;
      rescue = cfg.rescue.active;
    }
    // {
      # With reloadIfChanged they reload.
      restartTriggers = [ config.environment.etc.${etc tty}.source ];
    };

  apiAddresses = lib.optionals (cfg.settings.kubeconfigPath or null != null) cfg.apiAddresses;
  addresses =
    apiAddresses
    ++ lib.optionals peers.enable cfg.peers.addresses
    ++ lib.optionals asksPrometheus cfg.prometheus.addresses;

  start =
    tty:
    import ./start.nix {
      inherit tty;
      rescue = cfg.rescue.active;
    };

  getty =
    tty:
    import ./getty.nix {
      inherit tty;
      term = cfg.serial.term;
      agetty = lib.getExe' pkgs.util-linux "agetty";
      login = config.services.getty.loginProgram or (lib.getExe' pkgs.shadow "login");
      handBack = if handsOver then handBack tty else null;
    };

  # The rescue entry has its login prompt on another terminal.
  handsOver = cfg.login.enable && !cfg.rescue.active;
  # A prompt that ends ends, even if this fails.
  handBack =
    tty:
    "-${lib.getExe (pkgs.writeShellScriptBin "hypervisor-tui-handback" (import ./handback.nix))} ${tty}";

  # The units that hand files over, by the paths of the copies.
  handOver =
    what: title: files:
    let
      name = "hypervisor-tui-${what}";
      units = import ./handover.nix { inherit what title files; };
    in
    {
      systemd.services.${name} = units.service;
      systemd.services."${name}-changed" = units.changed;
      systemd.paths.${name} = units.path;
    };
in
{
  imports = [
    ./options.nix
    ./ssh.nix
    ./rescue.nix
    ./actions.nix
    ./plugins.nix
  ];

  config = mkIf cfg.enable (
    lib.mkMerge [
      {
        assertions = import ./assertions.nix { inherit config lib; };
        warnings = optional (handsOver && config.services.getty.autologinUser or null != null) ''
          services.hypervisor-tui.login.enable with services.getty.autologinUser: whoever stands before the console and
          presses F12 has a shell of ${config.services.getty.autologinUser}, without a password.
        '';

        services.hypervisor-tui.settings = flat;
        environment.systemPackages = [ cfg.package ];

        # A file for each terminal; config.yaml is for whoever types the command.
        environment.etc = lib.mkMerge (
          map (tty: configFile tty { }) ttys ++ [ (configFile "config" (typed // keeps null)) ]
        );

        users.users.hypervisor-tui = {
          isSystemUser = true;
          inherit group;
          extraGroups = [ "systemd-journal" ];
          description = "Hypervisor console";
        };
        users.groups.${group} = { };

        systemd.services = lib.mkMerge [
          (perTTY ttys (tty: "hypervisor-tui@${tty}") console)
          # getty.target wants autovt@tty1, and systemd-getty-generator the serial line of the kernel's console: each
          # switch would put the login prompt back. getty@tty1 stays, to fall back to. Images for clouds enable the
          # prompt of ttyS0.
          (perTTY ttys (tty: "${if isVT tty then "autovt" else "serial-getty"}@${tty}") (
            lib.const { enable = lib.mkForce false; }
          ))
          (mkIf (!cfg.rescue.active) (perTTY serial (tty: "hypervisor-tui-getty@${tty}") getty))
          # NixOS' own prompt, with all that services.getty says of it. NixOS calls each drop-in overrides.conf: one of
          # getty@tty1 would take the place of NixOS' own of getty@, and of the ExecStart in there.
          (mkIf (handsOver && lib.any isVT ttys) {
            "getty@".serviceConfig.ExecStopPost = [ (handBack "%i") ];
          })
        ];

        systemd.timers = perTTY ttys (tty: "hypervisor-tui@${tty}") start;

        systemd.tmpfiles.settings.hypervisor-tui = import ./tmpfiles.nix {
          inherit lib group runtime;
          podLogs = cfg.podLogs.enable;
          lists = lib.optionals peers.enable (
            [ "hypervisor-tui" ] ++ lib.optional serves "hypervisor-tui-serve"
          );
        };

        # What the kernel prints scrolls the picture: on the terminal only emergencies, in the journal everything.
        # Before the mkDefault of images for SD cards.
        boot.consoleLogLevel = lib.mkOverride 900 1;
        boot.kernelParams = [
          "consoleblank=0"
          "systemd.show_status=auto"
        ];
      }

      (mkIf (cfg.kubeconfigPath != null && !cfg.rescue.active) (handOver "kubeconfig" "Kubeconfig" { ${kubeconfig} = cfg.kubeconfigPath; }))
      (mkIf (handed != { }) (handOver "certificates" "Certificates and tokens" handed))

      (mkIf (cfg.settings.history.enable or false) {
        systemd.services.hypervisor-tui-recorder =
          import ./recorder.nix {
            inherit exe apiAddresses;
            configFile = "/etc/${etc "config"}";
          }
          // {
            reloadTriggers = [ config.environment.etc.${etc "config"}.source ];
          };
      })

      (mkIf serves {
        environment.etc = configFile "serve" (typed // keeps "${state}-serve/peers.json" // { inherit serve; });

        users.users.hypervisor-tui-serve = {
          isSystemUser = true;
          inherit group;
          extraGroups = [ "systemd-journal" ];
          description = "Hypervisor console for others";
        };
        users.groups.hypervisor-tui-viewers = { };

        systemd.sockets = others.sockets;
        systemd.services.hypervisor-tui-serve = others.service // {
          reloadTriggers = [ config.environment.etc.${etc "serve"}.source ];
          # What is served, and to whom, changes with a new start. A switch takes no notice of sockets that change, but makes
          # those of a service anew that it starts anew.
          restartTriggers = map builtins.toJSON [
            serve
            others.sockets
          ];
        };

        networking.firewall.allowedTCPPorts =
          lib.optionals (answersHTTP && cfg.serve.openFirewall) (
            map (a: a.port) (lib.filter (a: !a.local) (map (import ./address.nix) cfg.serve.listen))
          )
          ++ lib.optional (serve.peers.enable && cfg.peers.openFirewall) cfg.peers.port;
      })

      (mkIf (serves && credentials != { }) {
        systemd.paths.hypervisor-tui-serve = others.path;
        systemd.services.hypervisor-tui-serve-changed = others.changed;
      })

      # Not as units: NixOS itself links ctrl-alt-del.target (and before 25.11 kbrequest.target) among them, over which
      # a mask there does not build. system.control is looked at first.
      (mkIf cfg.kiosk.maskKeys {
        environment.etc = {
          "systemd/system.control/ctrl-alt-del.target".source = "/dev/null";
          "systemd/system.control/kbrequest.target".source = "/dev/null";
          "systemd/system.conf.d/hypervisor-tui.conf".text = ''
            [Manager]
            CtrlAltDelBurstAction=none
          '';
        };
      })
    ]
  );
}
