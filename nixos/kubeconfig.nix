# Hands the kubeconfig to the console's group: k3s writes its own for root alone, anew at each start. As console.nix, a
# function of plain values.
{
  # The file that is handed over, and what the console reads.
  source,
  copy,
}:
let
  quote = path: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] path}'";
in
{
  service = {
    description = "Kubeconfig for the hypervisor console";
    wantedBy = [ "multi-user.target" ];
    after = [ "hypervisor-tui-kubeconfig-changed.service" ];
    startLimitIntervalSec = 0;
    # A copy beside its place and a rename: the console never sees half a file. Without a source there is no copy.
    script = ''
      source=${quote source}
      copy=${quote copy}
      if [ -e "$source" ]; then
        install -m 0440 -T "$source" "$copy.new"
        mv -f -T "$copy.new" "$copy"
      else
        rm -f "$copy"
      fi
    '';
    serviceConfig = {
      Type = "oneshot";
      # As the owner of k3s' file; the group is that of the copy, so that no capability to give files away is needed.
      User = "root";
      Group = "hypervisor-tui";
      # To read a kubeconfig in somebody's home.
      CapabilityBoundingSet = "CAP_DAC_READ_SEARCH";
      NoNewPrivileges = true;
      ProtectSystem = "strict";
      ReadWritePaths = "/run/hypervisor-tui";
      ProtectHome = "read-only";
      PrivateTmp = true;
      PrivateDevices = true;
      PrivateNetwork = true;
      ProtectKernelTunables = true;
      ProtectKernelModules = true;
      ProtectKernelLogs = true;
      ProtectControlGroups = true;
      ProtectClock = true;
      ProtectHostname = true;
      ProtectProc = "invisible";
      RestrictAddressFamilies = "none";
      RestrictNamespaces = true;
      RestrictRealtime = true;
      RestrictSUIDSGID = true;
      LockPersonality = true;
      MemoryDenyWriteExecute = true;
      SystemCallArchitectures = "native";
      SystemCallFilter = [
        "@system-service"
        "~@privileged @resources"
      ];
      UMask = "0077";
    };
  };
}
// import ./watch.nix {
  of = "the kubeconfig for the hypervisor console";
  files = source;
  changed = "hypervisor-tui-kubeconfig-changed";
  ask = "restart --no-block hypervisor-tui-kubeconfig.service";
}
