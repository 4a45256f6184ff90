# The package. `pkgs.callPackage ./default.nix { }` builds it from this source, tests included.
{
  lib,
  buildGoModule,
  installShellFiles,

  # Whether it can read a cluster. Without, it needs less memory: for a rescue system.
  withKube ? true,
  # A name that nothing in nixpkgs has: callPackage would fill it in.
  gitCommit ? null,
}:
buildGoModule (finalAttrs: {
  pname = "hypervisor-tui${lib.optionalString (!withKube) "-nokube"}";
  version = "0.1.0${lib.optionalString (gitCommit != null) "+${gitCommit}"}";

  src = lib.fileset.toSource {
    root = ./.;
    # All that the tests read, which is nearly everything; not what a build leaves behind.
    fileset = lib.fileset.difference ./. (
      lib.fileset.unions [
        (lib.fileset.maybeMissing ./.git)
        (lib.fileset.maybeMissing ./result)
        (lib.fileset.maybeMissing ./vendor)
        (lib.fileset.maybeMissing ./hypervisor-tui)
      ]
    );
  };

  # The NAR hash of what `go mod vendor` makes; `make vendor-hash` writes it.
  vendorHash = "sha256-NbYvqAlbJe5uBUC6vg+iAcaba/T6Nj7Br8ec+TnIpNc=";

  # A module of its own, for tests that build Kubernetes' API server.
  excludedPackages = [ "kube/apitest/server" ];

  env.CGO_ENABLED = 0;
  tags = lib.optional (!withKube) "nokube";
  ldflags = [
    "-s"
    "-w"
    "-X main.version=${finalAttrs.version}"
  ];

  nativeBuildInputs = [ installShellFiles ];

  postInstall = ''
    installManPage docs/hypervisor-tui.1
    install -Dm644 -t $out/share/doc/hypervisor-tui config.example.yaml docs/config.md docs/json.md docs/nixos.md
    install -Dm644 -t $out/share/hypervisor-tui nixos/serviceaccount.yaml
  '';

  meta = {
    description = "Console of a NixOS, k3s and KubeVirt host: its logs, its health and its network";
    longDescription = ''
      What a hypervisor shows on its own screen, on a rescue boot and on a serial line, always on. One static program,
      read-only. The NixOS module services.hypervisor-tui starts it on tty1.
    '';
    license = lib.licenses.mit;
    mainProgram = "hypervisor-tui";
    platforms = lib.platforms.linux;
    maintainers = [ ];
  };
})
