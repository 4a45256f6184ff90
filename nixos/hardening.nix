# What the console and the recorder are kept from. They read /proc, /sys, the journal and the Kubernetes API; the console writes to
# one terminal, the recorder to its state directory.
#
# These are left out, because they would make the screen say what is not so:
#   ProtectSystem, ProtectHome  every filesystem would be read-only in here, and one that is full or that the kernel has
#                               made read-only could no longer be told; the user may write to its state directory alone anyway
#   ProtectProc, ProcSubset     other users' processes are the VMs
#   PrivateNetwork              the host's own network is what F3 shows
#   ProtectHostname             a hostname that changes would not be seen
#   ProtectClock                adjtimex, which says whether the clock is synchronised, could not even be read
{
  # Nothing that is read needs a capability: what an unprivileged user may not read is handed to the group by tmpfiles.
  CapabilityBoundingSet = "";
  AmbientCapabilities = "";
  NoNewPrivileges = true;

  # No devices but the terminal, which the unit names in DeviceAllow: systemd opens it from inside of the cgroup.
  DevicePolicy = "closed";
  PrivateDevices = true;

  # /proc/sys and /sys are read, never written.
  ProtectKernelTunables = true;
  # Modules and the kernel's own log device; the kernel's messages come from the journal.
  ProtectKernelModules = true;
  ProtectKernelLogs = true;
  # The cgroups of the VMs are read, never written.
  ProtectControlGroups = true;
  # Of other users only their names are lost; to which group a file gives what holds all the same.
  PrivateUsers = true;
  # Nothing is kept in /tmp.
  PrivateTmp = true;
  PrivateMounts = true;

  # The API and systemd by IP and D-Bus, links and sockets by netlink. The console holds a token and reads what strangers
  # log: it can talk to those that IPAddressAllow of the unit names, and to nobody else.
  IPAddressDeny = "any";
  RestrictAddressFamilies = [
    "AF_UNIX"
    "AF_INET"
    "AF_INET6"
    "AF_NETLINK"
  ];

  # One Go program: no namespaces, no other architectures, no code made at run time, no real-time priority.
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  LockPersonality = true;
  MemoryDenyWriteExecute = true;
  SystemCallArchitectures = "native";
  # adjtimex only reads here: to set the clock takes a capability.
  SystemCallFilter = [
    "@system-service"
    "~@privileged @resources"
    "adjtimex"
  ];
  SystemCallErrorNumber = "EPERM";

  KeyringMode = "private";
  RemoveIPC = true;
  UMask = "0077";
}
