# A hypervisor of one node, small enough for `nixos-rebuild build-vm`.
{
  services.hypervisor-tui.enable = true;
  services.k3s.enable = true;

  networking.hostName = "hypervisor";
  nixpkgs.hostPlatform = "x86_64-linux";
  system.stateVersion = "26.05";

  # Where this would be installed; build-vm brings its own.
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/" = {
    device = "/dev/vda1";
    fsType = "ext4";
  };

  virtualisation.vmVariant = {
    virtualisation.memorySize = 2048;
    virtualisation.cores = 2;
    # Alt-F2 in the machine's window.
    users.users.root.initialPassword = "root";
  };
}
