# The package of this tree: `pkgs.callPackage ./default.nix { }` builds it, tests included. nixos/package.nix is how, and
# what that takes (withKube, gitCommit, buildGoModule) may be given here.
{
  lib,
  callPackage,
  testers,
  ...
}@args:
let
  package = callPackage ./nixos/package.nix (
    {
      localSource = lib.fileset.toSource {
        root = ./.;
        # All that the tests read, which is nearly everything; not what a build leaves behind.
        fileset = lib.fileset.difference ./. (
          lib.fileset.unions [
            (lib.fileset.maybeMissing ./.git)
            (lib.fileset.maybeMissing ./result)
            (lib.fileset.maybeMissing ./vendor)
            (lib.fileset.maybeMissing ./hypervisor-tui)
            (lib.fileset.maybeMissing ./hypervisor-attach)
            (lib.fileset.maybeMissing ./dist)
          ]
        );
      };
      # The machine that nixpkgs would have among its own.
      nixosTests.hypervisor-tui = testers.runNixOSTest {
        imports = [ ./nixos/tests ];
        defaults = {
          imports = [ ./nixos/module.nix ];
          services.hypervisor-tui.package = lib.mkDefault package;
        };
      };
    }
    // removeAttrs args [
      "lib"
      "callPackage"
      "testers"
    ]
  );
in
package
