# The rescue entry of the boot menu: rescue.target, the console on the screen, root's login prompt beside it.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.hypervisor-tui;
in
{
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (lib.mkIf (cfg.rescue.enable && !cfg.rescue.active) {
        specialisation.hypervisor-tui-rescue.configuration.services.hypervisor-tui.rescue.active = true;
      })

      (lib.mkIf cfg.rescue.active {
        boot.kernelParams = [ "systemd.unit=rescue.target" ];
        services.hypervisor-tui.settings = {
          profile = lib.mkDefault "rescue";
          login = lib.mkForce false;
          # No cluster is up, no network is there, and a smaller ring than that of the running system will do.
          kubeconfigPath = lib.mkForce null;
          peers.enable = lib.mkForce false;
          logBufferSize = lib.mkForce 2000;
        };
        # Its prompt would be on /dev/console, which is the console's terminal.
        systemd.services.rescue.serviceConfig.TTYPath = "/dev/${cfg.rescue.login}";
      })
    ]
  );
}
