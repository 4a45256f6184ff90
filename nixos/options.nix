# The options of services.hypervisor-tui.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.hypervisor-tui;
  yaml = pkgs.formats.yaml { };

  virtualTerminal = types.strMatching "tty([1-9]|[1-5][0-9]|6[0-3])" // {
    description = "virtual terminal from tty1 to tty63";
  };
  serialLine = types.strMatching "(tty[A-Za-z]+|hvc)[0-9]+" // {
    description = "serial line such as ttyS0, ttyUSB0 or hvc0";
  };
  outsideStore = path: !lib.hasPrefix builtins.storeDir path;
  path = types.strMatching "/[^[:space:]%'\"\\$]+" // {
    description = "absolute path as a string";
  };
  secretPath = types.addCheck path outsideStore // {
    description = "absolute path as a string, outside of the Nix store, which everyone may read";
  };
  peerAddress = types.strMatching "[0-9.]+(:[1-9][0-9]{0,4})?|[0-9a-fA-F]*:[0-9a-fA-F:.]+|\\[[0-9a-fA-F:.]+]:[1-9][0-9]{0,4}" // {
    description = "IP address, with a port where it has another one, such as 192.0.2.12 or [2001:db8::12]:9102";
  };
  # That without its port.
  host =
    address:
    let
      parts = lib.match "\\[(.*)]:[0-9]+|([0-9.]+):[0-9]+" address;
    in
    if parts == null then address else lib.head (lib.filter (part: part != null) parts);
  ofPeers = if cfg.peers.enable then cfg.peers else lib.mapAttrs (_: _: null) cfg.peers;
  unitName = types.strMatching "[A-Za-z0-9:_\\\\][A-Za-z0-9:_.@\\\\-]*" // {
    description = "name of a unit of systemd";
  };
  shortTime = types.strMatching "[1-9][0-9]*[smh]" // {
    description = "number with s, m or h, such as 30m";
  };
  # address.nix reads it.
  socketAddress = types.strMatching "([0-9.]+|\\[[0-9a-fA-F:.]+]):[1-9][0-9]{0,4}|/[^[:space:]%'\"\\$]+" // {
    description = "IP address with port, such as 127.0.0.1:9101 or [::1]:9101, or absolute path of a Unix socket";
  };
in
{
  options.services.hypervisor-tui = {
    enable = lib.mkEnableOption "the hypervisor console on this machine's own screen";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../default.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ../default.nix { }";
      description = "The program.";
    };

    tty = mkOption {
      type = types.nullOr (
        virtualTerminal
        // {
          description = "virtual terminal from tty1 to tty63 (a serial line goes into serial.ttys)";
        }
      );
      default = "tty1";
      example = "tty8";
      description = ''
        The virtual terminal that shows the console, in the place of its login prompt; the other ones keep theirs
        (Alt-F2 and so on). `null` for a machine without a screen.
      '';
    };

    refreshInterval = mkOption {
      type = types.ints.between 1 60;
      default = 2;
      description = "Seconds between two samples of the host.";
    };

    logBufferSize = mkOption {
      type = types.ints.between 100 1000000;
      default = 10000;
      description = ''
        Log entries that are kept in memory, 256 bytes each. The unit's memory limits follow.
      '';
    };

    kubeconfigPath = mkOption {
      type = types.nullOr secretPath;
      default = "/etc/rancher/k3s/k3s.yaml";
      description = ''
        The kubeconfig for the cluster. The console runs as a user of its own and reads a copy that only its group may
        read: it is made by root when this file appears and each time that it changes.

        k3s' own kubeconfig is that of a cluster administrator. Better is one of a ServiceAccount that may read only;
        docs/nixos.md says how to get it. `null` leaves the cluster out.
      '';
    };

    apiAddresses = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ "localhost" ];
      example = [
        "localhost"
        "192.0.2.0/24"
      ];
      description = ''
        Addresses and networks that the console may talk to, as systemd.resource-control(5) has them: where the
        kubeconfig's server is. k3s' is on each node's own 127.0.0.1. Others, and a server by name, need the addresses
        of the server and of the name server; `[ "any" ]` allows all.
      '';
    };

    quit = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether q ends the console on its terminal. systemd then starts it again, unless that was the fifth time in ten minutes.
      '';
    };

    theme = mkOption {
      type = types.enum [
        "auto"
        "dark"
        "light"
        "mono"
      ];
      default = "auto";
      description = "Colours; `auto` takes what the terminal has.";
    };

    screen = mkOption {
      type = types.enum [
        "logs"
        "dashboard"
        "network"
        "nodes"
        "checks"
      ];
      default = "dashboard";
      description = "The first screen.";
    };

    history.enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether what the console knows is recorded, so that p on it shows the past, over reboots too. A service of its own
        does it, which works while no console does.
      '';
    };

    history.size = mkOption {
      type = types.strMatching "[0-9]+[MG]iB";
      default = "64MiB";
      example = "1GiB";
      description = ''
        Size of the recording, /var/lib/hypervisor-tui/flight, from 8MiB to 64GiB: it is written whole at once and never
        grows. After a change the old one stays beside it as flight.old.
      '';
    };

    settings = mkOption {
      type = types.submodule { freeformType = yaml.type; };
      default = { };
      example = {
        interfaces.deny = [ "veth*" ];
        thresholds.filesystem.warn = 80;
      };
      description = ''
        The configuration file, by its own keys: see docs/config.md. The options above are the defaults of the keys of
        the same name.
      '';
    };

    serial.ttys = mkOption {
      type = types.listOf serialLine;
      default = [ ];
      example = [ "ttyS0" ];
      description = ''
        Serial lines that show the console too, in the place of their login prompts. A line's speed is the kernel's:
        `boot.kernelParams = [ "console=ttyS0,115200" ]`.
      '';
    };

    serial.term = mkOption {
      type = types.enum [
        "vt220"
        "linux"
        "xterm"
        "xterm-256color"
        "screen"
        "screen-256color"
      ];
      default = "vt220";
      description = ''
        What is at the other end of the serial lines. All terminals understand `vt220`, which has no colours.
      '';
    };

    login.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether F12 or Ctrl-], then y, leaves the console's terminal to a login prompt. After the logout the console
        comes back. It is the way in on a machine whose one serial line shows the console.
      '';
    };

    podLogs.enable = mkOption {
      type = types.bool;
      default = config.services.k3s.enable;
      defaultText = lib.literalExpression "config.services.k3s.enable";
      description = ''
        Whether the console's group may read the logs of pods in /var/log/pods and k3s' containerd.log. Whoever stands
        before the screen then sees what is chosen of them in `settings.logs`.
      '';
    };

    kiosk.maskKeys = mkOption {
      type = types.bool;
      default = cfg.tty != null;
      defaultText = lib.literalExpression "config.services.hypervisor-tui.tty != null";
      description = ''
        Whether Ctrl-Alt-Del (which reboots, at once when pressed seven times in two seconds) and Alt-Up (which some
        releases of NixOS link to rescue.target) do nothing. Either would end every VM.
      '';
    };

    rescue.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the boot menu has an entry that starts into rescue.target with the console on the screen, for a machine
        whose normal boot does not come up. Root logs in on the terminal of `rescue.login`.
      '';
    };

    rescue.package = mkOption {
      type = types.package;
      default = cfg.package.override { withKube = false; };
      defaultText = lib.literalExpression "config.services.hypervisor-tui.package.override { withKube = false; }";
      description = "The program of the rescue entry; without the cluster it needs less memory.";
    };

    rescue.login = mkOption {
      type = types.either virtualTerminal serialLine;
      default = "tty2";
      example = "ttyS0";
      description = ''
        Where rescue.target asks for root's password. The console stays off this terminal in the rescue entry.
      '';
    };

    rescue.active = mkOption {
      type = types.bool;
      default = false;
      internal = true;
      description = "Whether this configuration is the rescue entry.";
    };

    ssh.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether logging in by SSH as the user of `ssh.user` shows the console and nothing else: no shell, no
        forwarding, no file transfer. The SSH server is NixOS' own. It is the console of `attach.enable`, and while that
        does not answer one of its own.
      '';
    };

    ssh.user = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]{0,30}";
      default = "console";
      description = "The user that `ssh.enable` makes.";
    };

    ssh.authorizedKeys = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ ];
      example = [ "ssh-ed25519 AAAA... operator" ];
      description = "Public keys that may log in as `ssh.user`.";
    };

    exporter.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether `serve.listen` answers `/metrics`, for Prometheus: the names of node_exporter for what it has too, so that
        its dashboards and alerts work, and VMs, problems and the age of each source beside them. docs/remote.md has more.
      '';
    };

    exporter.kubevirtNames = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether VMs have series under the names of KubeVirt's own exporter as well. Not where Prometheus reads both.
      '';
    };

    exporter.textfiles = mkOption {
      type = types.nullOr path;
      default = null;
      example = "/var/lib/prometheus-textfiles";
      description = ''
        A folder whose *.prom files are added to the figures, as node_exporter's textfile collector does. The user
        hypervisor-tui-serve must be able to read them, and nobody but root may be able to write them.
      '';
    };

    web.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether `serve.listen` answers browsers and curl with the screens. They can look, and do nothing. On each IP address
        it takes authentication, on 127.0.0.1 too: every user and every page in a browser of this machine reaches that.
      '';
    };

    web.logs = mkOption {
      type = types.bool;
      default = true;
      description = "Whether browsers see the messages of the log.";
    };

    web.names = mkOption {
      type = types.listOf (types.strMatching "[A-Za-z0-9._-]+");
      default = [ ];
      example = [ "console.example.org" ];
      description = ''
        Host names that browsers and Prometheus call this machine by, beside its own name, localhost and IP addresses. A
        request for another name is refused, as a page of somebody else may have sent it.
      '';
    };

    attach.enable = mkOption {
      type = types.bool;
      default = cfg.ssh.enable;
      defaultText = lib.literalExpression "config.services.hypervisor-tui.ssh.enable";
      description = ''
        Whether `hypervisor-attach` shows the console on the terminal that it is typed on, without a process, a copy of
        the log or rights of its own: whoever is in the group hypervisor-tui-viewers may. `ssh.enable` uses it.
      '';
    };

    peers.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether F4 asks the other nodes what they say of themselves, shows the console of one (o), and answers them. It works
        while the API server is gone. Nodes know each other by certificates of one authority: docs/remote.md says how to make
        them.
      '';
    };

    peers.nodes = mkOption {
      type = types.attrsOf peerAddress;
      default = { };
      example = {
        hv2 = "192.0.2.12";
        hv3 = "192.0.2.13";
      };
      description = ''
        Nodes that are asked whatever the cluster says, or without any cluster, by their names. The others are those of the
        cluster, each by its InternalIP.
      '';
    };

    peers.addresses = mkOption {
      type = types.listOf types.singleLineStr;
      default = map host (lib.attrValues cfg.peers.nodes);
      defaultText = lib.literalExpression "the addresses of config.services.hypervisor-tui.peers.nodes";
      example = [ "192.0.2.0/24" ];
      description = ''
        Addresses and networks where the other nodes are, as systemd.resource-control(5) has them: the console may ask those, and
        those may connect to `serve.listen`.
      '';
    };

    peers.port = mkOption {
      type = types.ints.between 1 65535;
      default = 9101;
      description = "Where each node answers the others, and where it asks them.";
    };

    peers.openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the firewall lets `peers.port` through.";
    };

    peers.caFile = mkOption {
      type = types.nullOr path;
      default = null;
      example = "/var/lib/hypervisor-tui-peers/ca.pem";
      description = ''
        PEM file with the authority that has signed the certificates of the nodes. This and the next two are read by root: the
        console has copies, which are made anew when one changes.
      '';
    };

    peers.certFile = mkOption {
      type = types.nullOr path;
      default = null;
      example = "/var/lib/hypervisor-tui-peers/cert.pem";
      description = "PEM file with the certificate of this node, for its name or its address.";
    };

    peers.keyFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui-peers/key.pem";
      description = "PEM file with the key of that certificate.";
    };

    prometheus.url = mkOption {
      type = types.nullOr (types.strMatching "https?://[^@?#[:space:]]+");
      default = null;
      example = "http://192.0.2.5:9090";
      description = ''
        Prometheus that has the CPU and memory of the nodes, as `exporter` tells them: F4 shows the last six hours of a node with
        the node. `null` leaves that out.
      '';
    };

    prometheus.addresses = mkOption {
      type = types.listOf types.singleLineStr;
      default =
        let
          parts = lib.match "https?://(([0-9.]+)|\\[([0-9a-fA-F:.]+)]|(localhost))([:/].*)?" (toString cfg.prometheus.url);
        in
        if parts == null then [ ] else [ (lib.head (lib.filter (part: part != null) (lib.tail parts))) ];
      defaultText = lib.literalExpression "the address in config.services.hypervisor-tui.prometheus.url";
      example = [
        "192.0.2.5"
        "192.0.2.53"
      ];
      description = ''
        Addresses and networks that the console may talk to for that, as systemd.resource-control(5) has them. For a Prometheus by
        name: its address and that of the name server.
      '';
    };

    prometheus.caFile = mkOption {
      type = types.nullOr path;
      default = null;
      description = "PEM file with the authority of Prometheus' certificate; `null` means those that this machine trusts.";
    };

    prometheus.tokenFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui.prometheus-token";
      description = "File with a token for Prometheus. Root reads it, and the console a copy.";
    };

    serve.listen = mkOption {
      type = types.listOf socketAddress;
      default =
        if cfg.peers.enable then
          map (host: "${host}:${toString cfg.peers.port}") (
            [ "0.0.0.0" ] ++ lib.optional (config.networking.enableIPv6 or true) "[::]"
          )
        else
          [ "127.0.0.1:9101" ];
      defaultText = lib.literalExpression ''[ "127.0.0.1:9101" ], with peers.enable peers.port of all addresses'';
      example = [
        "127.0.0.1:9101"
        "192.0.2.10:9101"
      ];
      description = ''
        Where `exporter`, `web` and `peers` are. An address that other machines reach takes TLS, authentication and
        `serve.clientAddresses`. Who may open a Unix socket is in the group hypervisor-tui-viewers.
      '';
    };

    serve.clientAddresses = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ "localhost" ];
      example = [
        "localhost"
        "192.0.2.0/24"
      ];
      description = ''
        Addresses and networks that may connect to `serve.listen`, as systemd.resource-control(5) has them, beside those of
        `peers.addresses`. The kernel drops what others send.
      '';
    };

    serve.openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the firewall lets the ports of `serve.listen` through, those of loopback addresses aside.";
    };

    serve.maxViewers = mkOption {
      type = types.ints.between 1 16;
      default = 16;
      description = "How many may look at once: browsers, terminals and consoles of other nodes together.";
    };

    serve.tls.certFile = mkOption {
      type = types.nullOr path;
      default = ofPeers.certFile;
      defaultText = lib.literalExpression "null, with peers.enable that of peers.certFile";
      example = "/var/lib/acme/hv01.example.org/fullchain.pem";
      description = ''
        PEM file with the certificate of this machine and those above it. This and the files below are read by root, as
        credentials of the service, which starts again when one changes.
      '';
    };

    serve.tls.keyFile = mkOption {
      type = types.nullOr secretPath;
      default = ofPeers.keyFile;
      defaultText = lib.literalExpression "null, with peers.enable that of peers.keyFile";
      example = "/var/lib/acme/hv01.example.org/key.pem";
      description = "PEM file with the key of that certificate.";
    };

    serve.tls.clientCAFile = mkOption {
      type = types.nullOr path;
      default = ofPeers.caFile;
      defaultText = lib.literalExpression "null, with peers.enable that of peers.caFile";
      description = ''
        PEM file with certificates: whoever shows a certificate that is signed by one of them needs no token and no
        password.
      '';
    };

    serve.tls.allowNames = mkOption {
      type = types.listOf (types.strMatching "[A-Za-z0-9._-]+");
      default = [ ];
      example = [ "prometheus.example.org" ];
      description = "Which of those: by common name or DNS name. An empty list means all of them.";
    };

    serve.auth.tokenFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui.token";
      description = "File with a token of at least 16 characters, for Prometheus' `authorization.credentials_file`.";
    };

    serve.auth.webConfigFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui.web.yml";
      description = ''
        File with `basic_auth_users` as Prometheus' exporters take it (`--web.config.file`): names and bcrypt hashes of
        passwords, for browsers.
      '';
    };

    actions.enable = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether x offers what can be done to what is chosen. The console gets no right by it: a helper, hypervisor-tui-act, has
        those that this and the options below name, and asks for the object's name first. docs/actions.md has what to think of.
      '';
    };

    actions.units = mkOption {
      type = types.listOf unitName;
      default = [ ];
      example = [ "k3s.service" ];
      description = ''
        Units of systemd that may be started, stopped and restarted. A name without a suffix is a service. An alias is none
        that systemd asks polkit for: it takes the unit's own name.
      '';
    };

    actions.cluster = mkOption {
      type = types.bool;
      default = false;
      description = "Whether nodes may be cordoned, uncordoned and drained.";
    };

    actions.vms = mkOption {
      type = types.bool;
      default = false;
      description = "Whether VMs may be started, stopped, restarted, paused and migrated.";
    };

    actions.reboot = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether this host may be rebooted. With `actions.kubeconfigPath` the helper says first which VMs and pods that ends.
      '';
    };

    actions.blink = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the light of a network port may blink for 15 seconds.";
    };

    actions.unlock = mkOption {
      type = types.enum [
        "session"
        "totp"
      ];
      default = "session";
      description = ''
        Who may: with `session` who has logged in as one of `actions.operators`, or is in the group hypervisor-operators; with
        `totp` who stands before any console of this machine and types a one-time code with each action.
      '';
    };

    actions.operators = mkOption {
      type = types.listOf (types.strMatching "[a-z_][a-z0-9_-]{0,30}");
      default = [ ];
      example = [ "alice" ];
      description = ''
        Users, declared elsewhere, whose login shell is the console, and nothing else. They are in the group
        hypervisor-operators. Who is to keep a shell is put into that group by `users.groups` instead.
      '';
    };

    actions.totpFile = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui.totp";
      description = ''
        File with the secret of the one-time codes, in base32, of at least 16 bytes. root reads it for the helper, and nobody
        else. One whose name ends in .cred is encrypted, by systemd-creds(1) with `--name=totp`. Without a secret there is no
        action.
      '';
    };

    actions.kubeconfigPath = mkOption {
      type = types.nullOr secretPath;
      default = null;
      example = "/var/lib/hypervisor-tui-act.kubeconfig";
      description = ''
        The helper's own kubeconfig, with the rights of nixos/serviceaccount-act.yaml. root reads it for the helper, which may
        talk to `apiAddresses`. One whose name ends in .cred is encrypted, by systemd-creds(1) with `--name=kubeconfig`.
      '';
    };

    actions.undoAfter = mkOption {
      type = shortTime;
      default = "30m";
      description = ''
        After how long systemd uncordons a node that was cordoned or drained for a time, from one minute to a day.
      '';
    };

    actions.idle = mkOption {
      type = shortTime;
      default = "10m";
      description = ''
        After how long without a key the console of somebody who has logged in as an operator ends, from one minute to an hour.
      '';
    };

    plugins = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            kind = mkOption {
              type = types.enum [
                "check"
                "metrics"
                "screen"
                "scrape"
              ];
              default = "check";
              description = ''
                What it prints: the line of a Nagios check, Prometheus' text format, or JSON for a screen of its own. `scrape` runs
                nothing and asks an exporter at `url`.
              '';
            };

            command = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = lib.literalExpression ''[ "''${pkgs.monitoring-plugins}/bin/check_disk" "-w" "10%" "-c" "5%" "-p" "/" ]'';
              description = "The program, by an absolute path, and its arguments. No shell reads them.";
            };

            url = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "http://127.0.0.1:9633/metrics";
              description = "Where the metrics of `scrape` are, on this machine.";
            };

            metrics = mkOption {
              type = types.listOf (types.attrsOf types.str);
              default = [ ];
              example = [
                {
                  metric = "smartctl_device_temperature{device=\"sda\"}";
                  label = "sda";
                  unit = "C";
                  warn = "50";
                }
              ];
              description = "Which of the metrics of `metrics` and `scrape` are shown, and for which values somebody is to know.";
            };

            interval = mkOption {
              type = shortTime;
              default = "60s";
              description = "From the end of a run to the next one, from 10s to 24h.";
            };

            timeout = mkOption {
              type = shortTime;
              default = "10s";
              description = "After how long a run is ended. Less than `interval`.";
            };

            user = mkOption {
              type = types.strMatching "[a-z_][a-z0-9_-]{0,30}";
              default = "hypervisor-tui-plugins";
              description = ''
                Whose the plugin's processes and its result are. The user of the default is made here and has no rights; another one
                is declared elsewhere.
              '';
            };

            path = mkOption {
              type = types.listOf types.package;
              default = [ ];
              example = lib.literalExpression "[ pkgs.smartmontools ]";
              description = "Packages whose programs it finds.";
            };

            serviceConfig = mkOption {
              type = types.attrsOf types.anything;
              default = { };
              example = {
                SupplementaryGroups = [ "disk" ];
              };
              description = ''
                What the plugin's service has in place of, or beside, what nixos/plugin.nix says. docs/plugins.md says what may be
                needed for what.
              '';
            };
          };
        }
      );
      default = { };
      example = lib.literalExpression ''{ disk.command = [ "''${pkgs.monitoring-plugins}/bin/check_disk" "-w" "10%" "-c" "5%" "-p" "/" ]; }'';
      description = ''
        Programs of others whose words the console shows on F5, by their names: Nagios checks, exporters, scripts. systemd runs each
        as a service of its own, hypervisor-tui-plugin@NAME, and the console reads what it has written down. docs/plugins.md has more.
      '';
    };
  };
}
