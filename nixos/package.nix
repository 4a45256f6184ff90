# The package. As it stands here it is what pkgs/by-name/hy/hypervisor-tui/package.nix of nixpkgs wants, which builds the
# release; default.nix gives it the tree in which it lies.
{
  lib,
  buildGoModule,
  fetchFromGitHub,
  installShellFiles,
  nix-update-script,
  nixosTests,
  versionCheckHook,

  # Whether it can read a cluster. Without, it needs less memory: for a rescue system.
  withKube ? true,
  # Names that nothing in nixpkgs has: callPackage would fill them in.
  localSource ? null,
  gitCommit ? null,
}:
let
  release = "0.1.0";
  # What go.mod asks for.
  goVersion = "1.26";
  # Where it will be published: nothing is there yet.
  home = {
    owner = "hypervisor-tui";
    repo = "hypervisor-tui";
  };
  homepage = "https://github.com/${home.owner}/${home.repo}";
in
buildGoModule (finalAttrs: {
  pname = "hypervisor-tui${lib.optionalString (!withKube) "-nokube"}";
  version = "${release}${lib.optionalString (gitCommit != null) "+${gitCommit}"}";

  src =
    let
      inherit (finalAttrs.passthru) go;
    in
    # Before anything is fetched: the compiler would say it late, and Go modules with an error of their own.
    lib.throwIf (lib.versionOlder go.version goVersion)
      "hypervisor-tui needs Go ${goVersion}, and buildGoModule here has Go ${go.version}. NixOS 26.05 is new enough; elsewhere give it a newer one, as in hypervisor-tui.override { buildGoModule = pkgs.buildGo126Module; }"
      (
        if localSource != null then
          localSource
        else
          fetchFromGitHub (
            home
            // {
              tag = "v${release}";
              # Of a release, when there is one: nix-update writes it.
              hash = lib.fakeHash;
            }
          )
      );

  # The NAR hash of what `go mod vendor` makes; `make vendor-hash` writes it.
  vendorHash = "sha256-yQd8ZOjaaWvv3ofFsvOh9U6tjfH2mTH+40+88bqOiV0=";

  # Programs of modules of their own, and one that the tests run. All other folders are built and tested: the two programs are
  # that of the root and cmd/hypervisor-attach.
  excludedPackages = [
    "kube/apitest/server"
    "docs/pictures"
    ".ci/gotest"
  ];

  env.CGO_ENABLED = 0;
  tags = [ "tcell_minimal" ] ++ lib.optional (!withKube) "nokube";
  ldflags = [
    "-s"
    "-w"
    "-funcalign=8"
    "-X main.version=${finalAttrs.version}"
  ];

  nativeBuildInputs = [ installShellFiles ];

  postInstall = ''
    installManPage docs/hypervisor-tui.1 docs/hypervisor-attach.1
    installShellCompletion docs/completions/hypervisor-tui.{bash,fish,zsh}
    install -Dm644 -t $out/share/doc/hypervisor-tui config.example.yaml docs/config.md docs/json.md docs/nixos.md docs/remote.md
    install -Dm644 -t $out/share/hypervisor-tui nixos/serviceaccount.yaml nixos/serviceaccount-act.yaml
  '';

  nativeInstallCheckInputs = [ versionCheckHook ];
  doInstallCheck = true;
  versionCheckProgramArg = "--version";

  passthru = {
    inherit withKube;
    tests = { inherit (nixosTests) hypervisor-tui; };
    updateScript = nix-update-script { };
  };

  meta = {
    description = "Console of a NixOS, k3s and KubeVirt host: its logs, its health and its network";
    longDescription = ''
      What a hypervisor shows on its own screen, on a rescue boot and on a serial line, always on. One static program,
      read-only. The NixOS module services.hypervisor-tui starts it on tty1.
    '';
    inherit homepage;
    changelog = "${homepage}/blob/v${release}/CHANGELOG.md";
    license = lib.licenses.mit;
    mainProgram = "hypervisor-tui";
    platforms = lib.platforms.linux;
    maintainers = [ ];
  };
})
