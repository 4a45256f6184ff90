# What an unprivileged user may not read is handed to the console's group, and nothing more.
{
  lib,
  group,
  runtime,
  podLogs,
  # Users that keep a list of the other nodes, each in a folder of its name, which the recorder's has too. Not StateDirectory=:
  # the console on the screen would not start where /var/lib cannot be mounted.
  lists ? [ ],
}:
let
  root = mode: {
    inherit mode;
    user = "root";
    group = "root";
  };
  agent = "/var/lib/rancher/k3s/agent";
  readable = "group:${group}:r-X";
  passable.argument = "group:${group}:--x";
in
{
  # Who is not of the group passes it to the socket of hypervisor-attach, and does not see what else is in there.
  ${runtime}.d = {
    mode = "0751";
    user = "root";
    inherit group;
  };

  # The machine's serial number, and the list of what the kernel left when it died. Both are gone at a reboot, and set
  # again then.
  "/sys/devices/virtual/dmi/id/product_serial".z = {
    mode = "0440";
    user = "root";
    inherit group;
  };
  "/sys/fs/pstore".z = {
    mode = "0750";
    user = "root";
    inherit group;
  };
}
// builtins.listToAttrs (
  map (user: {
    name = "/var/lib/${user}";
    value.d = {
      mode = "0750";
      inherit user group;
    };
  }) lists
)
// lib.optionalAttrs podLogs {
  # kubelet makes a directory for each container; what is in there inherits the default entries. A mode with a colon
  # counts only for what is not there yet.
  "/var/log/pods" = {
    d = root ":0750";
    "A+".argument = "${readable},default:${readable}";
  };

  # k3s' rotation gives a new file the owner and the mode of the last one, so it is enough to make the first.
  "/var/lib/rancher".d = root ":0755";
  "/var/lib/rancher/k3s".d = root ":0755";
  ${agent} = {
    d = root ":0700";
    "a+" = passable;
  };
  "${agent}/containerd" = {
    d = root ":0711";
    "a+" = passable;
  };
  "${agent}/containerd/containerd.log".f = {
    mode = "0640";
    user = "root";
    inherit group;
  };
}
