# The systemd units and the polkit rule of the helper, which does what the console is asked for: docs/actions.md. As console.nix, a
# function of plain values.
{
  # The program, and its configuration, read when the helper starts.
  exe,
  configFile,
  # Names of systemd's units, each with its suffix, that may be started, stopped and restarted.
  units,
  # Whether nodes may be cordoned for a time, this host rebooted, ports blink.
  cluster,
  reboot,
  blink,
  # session or totp: an operator has logged in, or somebody types a one-time code.
  unlock,
  # After how long systemd uncordons a node.
  undoAfter,
  # Files that root reads for the helper; null: there is none.
  totpFile,
  kubeconfig,
  # Where the API server is, as IPAddressAllow has it.
  apiAddresses,
}:
let
  name = "hypervisor-tui-act";
  undo = "hypervisor-tui-undo";
  blinker = "hypervisor-tui-blink";

  # A switch takes no notice of sockets that change: with one name for both ways, the group that needs a code would keep the
  # socket that asks for none.
  socket = if unlock == "totp" then "${name}-totp" else name;
  group = if unlock == "totp" then "hypervisor-tui" else "hypervisor-operators";

  # A file that ends so was encrypted by systemd-creds.
  credential =
    id: path:
    if path == null then
      { }
    else if builtins.match ".*\\.cred" path != null then
      { LoadCredentialEncrypted = [ "${id}:${path}" ]; }
    else
      { LoadCredential = [ "${id}:${path}" ]; };
  # Attributes whose values are lists, together.
  both = a: b: a // builtins.mapAttrs (key: value: a.${key} or [ ] ++ value) b;

  # MiB. Seen were 15 for units; a node's pods are listed and kept while it is drained.
  heap = 48;
  slack = 16;

  # What each of the three is kept from.
  hardening = import ./hardening.nix // {
    ProtectSystem = "strict";
    ProtectHome = true;
    ProtectProc = "invisible";
    ProcSubset = "pid";
    ProtectHostname = true;
    ProtectClock = true;
    SystemCallFilter = [
      "@system-service"
      "~@privileged @resources"
    ];
    MemoryMax = "${toString (heap + slack)}M";
    TasksMax = 64;
    StandardOutput = "journal";
    StandardError = "journal";
  };
  documentation = [ "man:hypervisor-tui(1)" ];
  environment = {
    LC_ALL = "C.UTF-8";
    GOMAXPROCS = "1";
    GOMEMLIMIT = "${toString heap}MiB";
  };
  # Nobody but the API server, where there is one.
  talks =
    if kubeconfig == null then
      {
        RestrictAddressFamilies = [ "AF_UNIX" ];
        PrivateNetwork = true;
      }
    else
      {
        RestrictAddressFamilies = [
          "AF_UNIX"
          "AF_INET"
          "AF_INET6"
        ];
        IPAddressAllow = apiAddresses;
      };

  # Names, or what they all look like, and what may be done to them.
  rows =
    [ ''[${builtins.toJSON units}, ["start", "stop", "restart"]]'' ]
    ++ (if reboot then [ ''[["reboot.target"], ["start"]]'' ] else [ ])
    ++ (if cluster then [ ''[/^${undo}@[A-Za-z0-9:_.\\-]+\.timer$/, ["restart", "stop"]]'' ] else [ ])
    ++ (if blink then [ ''[/^${blinker}@[A-Za-z0-9:_.\\-]+\.service$/, ["start"]]'' ] else [ ]);
in
{
  # For a file that goes before all others: the first rule that answers counts.
  rule = ''
    // What the helper of the hypervisor console may ask of systemd. Nothing else, whatever other rules say.
    polkit.addRule(function (action, subject) {
      if (subject.user != "${name}") return polkit.Result.NOT_HANDLED;
      var unit = action.lookup("unit"), verb = action.lookup("verb");
      var allowed = [
    ${builtins.concatStringsSep ",\n" (map (row: "    ${row}") rows)}
      ].some(function (row) {
        return (row[0].test ? row[0].test(unit) : row[0].indexOf(unit) >= 0) && row[1].indexOf(verb) >= 0;
      });
      // What would be run under a name that no unit here has is the caller's choice: systemd asks that in other words.
      var known = action.lookup("polkit.message") == "Authentication is required to " + verb + " '$(unit)'.";
      return action.id == "org.freedesktop.systemd1.manage-units" && allowed && known ? polkit.Result.YES : polkit.Result.NO;
    });
  '';

  sockets.${socket} = {
    description = "Actions of the hypervisor console";
    inherit documentation;
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      Service = "${name}.service";
      ListenStream = "/run/${name}/socket";
      SocketUser = "root";
      SocketGroup = group;
      SocketMode = "0660";
      RemoveOnStop = true;
      # A helper that does not start, for want of its secret, takes nothing that waits, and would be started again at once for it.
      FlushPending = true;
      # The socket stays, so that the helper is there once it can start.
      TriggerLimitIntervalSec = 0;
    };
  };

  services = {
    ${name} = {
      description = "Helper of the hypervisor console";
      inherit documentation environment;
      # Who may connect has changed.
      partOf = [ "${socket}.socket" ];
      startLimitIntervalSec = 0;
      # A switch ends no drain. A helper goes by what it has read until nobody has asked for 90 seconds; polkit, by what is so now.
      restartIfChanged = false;

      serviceConfig = {
        Type = "exec";
        ExecStart = "${exe} --act --config ${configFile}";
        Sockets = "${socket}.socket";
        User = name;
        Group = name;
        # /var/lib/hypervisor-tui-act: which codes were used, and what is under way, which the console reads.
        StateDirectory = name;
        StateDirectoryMode = "0755";
        TimeoutStopSec = 10;
        # What is under way is worth more than most of what could be ended in its place.
        OOMScoreAdjust = -100;
      }
      // hardening
      // {
        # Who is at the other end of the socket would be nobody in here, and their login not seen.
        PrivateUsers = false;
        ProtectProc = "default";
      }
      // both (if totpFile == null then { } else credential "totp" totpFile) (credential "kubeconfig" kubeconfig)
      // talks
      // (
        if blink then
          {
            # The names of the host's ports.
            PrivateNetwork = false;
            RestrictAddressFamilies = talks.RestrictAddressFamilies ++ [ "AF_NETLINK" ];
          }
        else
          { }
      );
    };
  }
  // (
    if cluster then
      {
        # By its name only: it is the instance of the timer.
        "${undo}@" = {
          description = "Uncordoning of %I";
          inherit documentation environment;
          startLimitIntervalSec = 0;
          restartIfChanged = false;
          serviceConfig = {
            Type = "oneshot";
            ExecStart = "${exe} --undo=%I --config ${configFile}";
            # The API server may be away.
            Restart = "on-failure";
            RestartSec = 30;
            TimeoutStartSec = 120;
            User = name;
            Group = name;
          }
          // hardening
          // credential "kubeconfig" kubeconfig
          // talks;
        };
      }
    else
      { }
  )
  // (
    if blink then
      {
        "${blinker}@" = {
          description = "Light of %I";
          inherit documentation environment;
          startLimitIntervalSec = 0;
          serviceConfig = {
            Type = "oneshot";
            ExecStart = "${exe} --blink=%I";
            TimeoutStartSec = 30;
            DynamicUser = true;
          }
          // hardening
          // {
            # ETHTOOL_PHYS_ID takes it, of the host's own network.
            CapabilityBoundingSet = "CAP_NET_ADMIN";
            AmbientCapabilities = "CAP_NET_ADMIN";
            PrivateUsers = false;
            RestrictAddressFamilies = [ "AF_INET" ];
          };
        };
      }
    else
      { }
  );

  # PID 1's: it elapses whether the helper lives or not.
  timers =
    if cluster then
      {
        "${undo}@" = {
          description = "Time until %I is uncordoned";
          inherit documentation;
          timerConfig = {
            OnActiveSec = undoAfter;
            AccuracySec = "1s";
            RemainAfterElapse = false;
          };
        };
      }
    else
      { };
}
