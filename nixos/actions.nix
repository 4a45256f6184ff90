# services.hypervisor-tui.actions: the helper that does what the console is asked for, and those who may ask.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault mkIf;
  cfg = config.services.hypervisor-tui;
  on = cfg.enable && cfg.actions.enable && !cfg.rescue.active;
  inherit (cfg.settings) actions;

  name = "hypervisor-tui-act";
  file = "hypervisor-tui/act.yaml";
  exe = lib.getExe cfg.package;
  # As the program has it.
  withSuffix = unit: if lib.match ".*\\..*" unit == null then "${unit}.service" else unit;
  reaches = actions.cluster || actions.vms || actions.reboot;
  made = import ./act.nix {
    inherit exe;
    configFile = "/etc/${file}";
    units = map withSuffix actions.units;
    inherit (actions) cluster reboot blink unlock undoAfter;
    totpFile = if actions.unlock == "totp" then cfg.actions.totpFile else null;
    kubeconfig = if reaches then cfg.actions.kubeconfigPath else null;
    inherit (cfg) apiAddresses;
  };
in
{
  config = mkIf on {
    assertions = [
      {
        assertion = actions.units != [ ] || actions.blink || reaches;
        message = ''
          services.hypervisor-tui.actions.enable is true, and nothing may be done: set actions.units, cluster, vms, reboot or
          blink.
        '';
      }
      {
        assertion = actions.unlock == "totp" -> cfg.actions.totpFile != null;
        message = ''
          services.hypervisor-tui.actions.unlock is totp, and there is no secret to check codes by: set actions.totpFile.
        '';
      }
      {
        assertion = actions.cluster || actions.vms -> cfg.actions.kubeconfigPath != null;
        message = ''
          services.hypervisor-tui.actions.cluster and vms need a kubeconfig of the helper's own: set actions.kubeconfigPath.
        '';
      }
      {
        assertion = actions.codeFile or null == null && actions.kubeconfigPath or null == null && actions.socket or null == null;
        message = ''
          services.hypervisor-tui.settings.actions has codeFile, kubeconfigPath or socket, which are for machines without this
          module: set actions.totpFile and actions.kubeconfigPath.
        '';
      }
    ];

    # A file of settings has no key of actions while they are off.
    services.hypervisor-tui.settings = lib.optionalAttrs on {
      actions = lib.mapAttrs (_: mkDefault) {
        inherit (cfg.actions)
          enable
          units
          cluster
          vms
          reboot
          blink
          unlock
          undoAfter
          idle
          ;
      };
    };
    environment.etc = lib.optionalAttrs on {
      ${file}.source = import ./settings.nix { inherit pkgs exe; } "act.yaml" { inherit actions; };
      "polkit-1/rules.d/00-${name}.rules".text = made.rule;
    };

    users.users = {
      ${name} = {
        isSystemUser = true;
        group = name;
        description = "Helper of the hypervisor console";
      };
    }
    // lib.genAttrs (lib.optionals on cfg.actions.operators) (_: {
      shell = exe;
      extraGroups = [
        "hypervisor-operators"
        "hypervisor-tui"
        "systemd-journal"
      ];
    });
    users.groups.${name} = { };
    users.groups.hypervisor-operators = { };

    systemd = lib.optionalAttrs on {
      inherit (made) sockets timers;
      # polkit sees no change of what a link means.
      services = made.services // {
        polkit.restartTriggers = [ made.rule ];
      };
    };

    security.polkit.enable = true;
  };
}
