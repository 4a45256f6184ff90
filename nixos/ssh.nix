# A user whose login by SSH is the console.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  cfg = config.services.hypervisor-tui;
  file = "hypervisor-tui/ssh.yaml";
  attached = cfg.settings.serve.attach.enable;
  own = "${lib.getExe cfg.package} --config /etc/${file}";
in
{
  config = lib.mkIf (cfg.enable && cfg.ssh.enable && !cfg.rescue.active) (
    {
      environment.etc.${file}.source = import ./settings.nix {
        inherit pkgs;
        exe = lib.getExe cfg.package;
      } "ssh.yaml" (
        # The user may read no key and no token, and is no operator; the console of attach.enable has those.
        removeAttrs cfg.settings [
          "serve"
          "peers"
          "prometheus"
          "actions"
        ]
        // {
          quit = true;
          login = false;
        }
      );

      users.users.${cfg.ssh.user} = {
        isSystemUser = true;
        # What the server reads for it it needs not read itself.
        group = if attached then "hypervisor-tui-viewers" else "hypervisor-tui";
        extraGroups = lib.optional (!attached) "systemd-journal";
        description = "Hypervisor console over SSH";
        # sshd starts the forced command with the login shell.
        shell = pkgs.bashInteractive;
        openssh.authorizedKeys.keys = cfg.ssh.authorizedKeys;
      };
    }
    # Where this module is evaluated without NixOS' own for sshd there is no such option.
    // lib.optionalAttrs (options.services.openssh ? extraConfig) {
      # The last Match ends the block for what may follow.
      services.openssh.extraConfig = lib.mkAfter ''
        Match User ${cfg.ssh.user}
          ForceCommand ${
            lib.optionalString attached "${lib.getExe' cfg.package "hypervisor-attach"} --fallback -- "
          }${own}
          PermitTTY yes
          DisableForwarding yes
          PermitUserRC no
          ClientAliveInterval 30
        Match All
      '';
    }
  );
}
