# services.hypervisor-tui.plugins: a service and a timer for each, and where the consoles look for what they say.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault mkIf;
  cfg = config.services.hypervisor-tui;
  on = cfg.enable && cfg.plugins != { } && !cfg.rescue.active;

  user = "hypervisor-tui-plugins";
  file = "hypervisor-tui/plugins.yaml";
  exe = lib.getExe cfg.package;
  misnamed = lib.filter (name: builtins.stringLength name > 40 || lib.match "[A-Za-z0-9_][A-Za-z0-9_-]*" name == null) (
    lib.attrNames cfg.plugins
  );
  unknown = lib.filter (user: user != "root" && !(config.users.users ? ${user})) (
    lib.mapAttrsToList (_: p: p.user) cfg.plugins
  );

  # As the configuration has it, without what is not said.
  spec =
    name: p:
    lib.filterAttrs (_: v: v != null && v != [ ]) {
      inherit name;
      inherit (p)
        kind
        command
        url
        metrics
        interval
        timeout
        ;
    };
  units =
    name: p:
    import ./plugin.nix {
      inherit name exe;
      inherit (p)
        kind
        interval
        timeout
        user
        serviceConfig
        ;
      configFile = "/etc/${file}";
    };
  perPlugin = value: lib.mapAttrs' (name: p: lib.nameValuePair "hypervisor-tui-plugin@${name}" (value name p)) cfg.plugins;
in
{
  config = mkIf on {
    assertions = [
      {
        assertion = misnamed == [ ];
        message = ''
          services.hypervisor-tui.plugins has ${toString misnamed}: a name is of letters, digits, - and _, begins with no -, and
          has at most 40 of them.
        '';
      }
      {
        assertion = cfg.settings.plugins.path or null == null;
        message = ''
          services.hypervisor-tui.settings.plugins has path, which is for machines without this module: here the services write where
          the consoles look by default.
        '';
      }
      {
        assertion = unknown == [ ];
        message = ''
          services.hypervisor-tui.plugins are to run as ${toString unknown}, which users.users does not have.
        '';
      }
    ];

    # A file of settings has no key of plugins while there are none.
    services.hypervisor-tui.settings = lib.optionalAttrs on {
      plugins.list = mkDefault (lib.mapAttrsToList spec cfg.plugins);
    };
    environment.etc = lib.optionalAttrs on {
      ${file}.source = import ./settings.nix { inherit pkgs exe; } "plugins.yaml" { inherit (cfg.settings) plugins; };
    };

    users.users.${user} = {
      isSystemUser = true;
      group = user;
      description = "Plugins of the hypervisor console";
    };
    users.groups.${user} = { };

    systemd = lib.optionalAttrs on {
      services = perPlugin (name: p: (units name p).service // { inherit (p) path; });
      # One that is changed runs soon, and the others go on in their time.
      timers = perPlugin (
        name: p:
        (units name p).timer
        // {
          restartTriggers = map builtins.toJSON [
            (spec name p)
            (units name p).service
            p.path
          ];
        }
      );
    };
  };
}
