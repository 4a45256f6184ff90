{
  description = "Console of a NixOS, k3s and KubeVirt host";

  # The first release whose Go is new enough for go.mod.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      perSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      build =
        pkgs: withKube:
        pkgs.callPackage ./default.nix {
          inherit withKube;
          gitCommit = self.shortRev or self.dirtyShortRev or null;
        };
    in
    {
      packages = perSystem (pkgs: rec {
        default = hypervisor-tui;
        hypervisor-tui = build pkgs true;
        nokube = build pkgs false;
      });

      overlays.default = final: _: { hypervisor-tui = build final true; };

      nixosModules.default =
        { pkgs, ... }:
        {
          imports = [ ./nixos/module.nix ];
          services.hypervisor-tui.package = lib.mkDefault (build pkgs true);
        };

      # A machine to look at: nix run .#nixosConfigurations.hypervisor.config.system.build.vm
      nixosConfigurations.hypervisor = lib.nixosSystem {
        modules = [
          self.nixosModules.default
          ./nixos/example.nix
        ];
      };

      # The packages run their tests when they are built; the machine's evaluation checks the module, and vm boots it,
      # which needs KVM: nix build -L .#checks.x86_64-linux.vm
      checks = perSystem (
        pkgs:
        self.packages.${pkgs.stdenv.hostPlatform.system}
        // lib.optionalAttrs (pkgs.stdenv.hostPlatform.system == "x86_64-linux") {
          machine = self.nixosConfigurations.hypervisor.config.system.build.toplevel;
          vm = self.packages.x86_64-linux.default.tests.hypervisor-tui;
        }
      );

      devShells = perSystem (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.go
            pkgs.gopls
            pkgs.gcc
            pkgs.gnumake
            pkgs.tmux
            pkgs.dbus
            pkgs.nixfmt
          ];
        };
      });

      formatter = perSystem (pkgs: pkgs.nixfmt-tree);
    };
}
