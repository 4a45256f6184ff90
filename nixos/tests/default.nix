# A whole NixOS with the console, in virtual machines, for runNixOSTest:
#
#     nix build -L .#checks.x86_64-linux.vm
#
# It needs KVM. What needs no kernel of its own of this runs without, under a real systemd: nixos/boot_console_test.go.
{ lib, ... }:
let
  # A switch stays possible, and the driver's own shell stays in rescue.target.
  driven = {
    system.switch.enable = true;
    systemd.services.backdoor = {
      wantedBy = [ "rescue.target" ];
      unitConfig.IgnoreOnIsolate = true;
    };
  };
in
{
  name = "hypervisor-tui";

  nodes.machine = {
    imports = [ driven ];
    services.hypervisor-tui.enable = true;
    services.hypervisor-tui.login.enable = true;
    # Who logs in on the console's terminal.
    users.users.alice = {
      isNormalUser = true;
      password = "foobar";
    };

    specialisation = {
      settings.configuration.services.hypervisor-tui.quit = true;
      unit.configuration.services.hypervisor-tui.logBufferSize = 20000;
      removed.configuration.services.hypervisor-tui.enable = lib.mkForce false;
    };
  };

  # What the entry of the boot menu starts, as rescue.enable makes it.
  nodes.rescue = {
    imports = [ driven ];
    services.hypervisor-tui.enable = true;
    services.hypervisor-tui.rescue.active = true;
  };

  testScript = builtins.readFile ./hypervisor-tui.py;
}
