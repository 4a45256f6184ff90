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
  secretPath = types.addCheck (types.strMatching "/[^[:space:]%'\"\\$]+") outsideStore // {
    description = "absolute path as a string, outside of the Nix store, which everyone may read";
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
        forwarding, no file transfer. The SSH server is NixOS' own.
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
  };
}
