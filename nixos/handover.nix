# Hands files that only root may read to the console's group, each time that they change: k3s writes its kubeconfig anew at each
# start, and certificates are renewed. As console.nix, a function of plain values.
{
  # What they are: a word for the units' names, and a title.
  what,
  title,
  # Sources, by the paths of the copies that the console reads.
  files,
}:
let
  name = "hypervisor-tui-${what}";
  quote = path: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] path}'";
  copies = builtins.attrNames files;
  # A copy beside its place and a rename: the console never sees half a file. Without a source there is no copy.
  handOver = copy: ''
    source=${quote files.${copy}}
    copy=${quote copy}
    if [ -e "$source" ]; then
      install -m 0440 -T "$source" "$copy.new"
      mv -f -T "$copy.new" "$copy"
    else
      rm -f "$copy"
    fi
  '';
in
{
  service = {
    description = "${title} for the hypervisor console";
    wantedBy = [ "multi-user.target" ];
    after = [ "${name}-changed.service" ];
    startLimitIntervalSec = 0;
    script = builtins.concatStringsSep "" (map handOver copies);
    serviceConfig = {
      Type = "oneshot";
      # As the owner of k3s' file; the group is that of the copy, so that no capability to give files away is needed.
      User = "root";
      Group = "hypervisor-tui";
      # To read what is somebody else's, such as a kubeconfig in a home.
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
  of = "the ${what} for the hypervisor console";
  files = map (copy: files.${copy}) copies;
  changed = "${name}-changed";
  ask = "restart --no-block ${name}.service";
}
