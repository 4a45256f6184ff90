# The systemd units that show the console to others: Prometheus, browsers, hypervisor-attach. As console.nix, a function of
# plain values.
{
  # The program, and its configuration, read again when systemd reloads the service.
  exe,
  configFile,
  # Entries of the log ring, 256 bytes each.
  logBufferSize,
  # As in console.nix.
  addresses,
  # Addresses with ports and paths of Unix sockets that answer HTTP, and who may come to the former, as IPAddressAllow has it.
  listen,
  clientAddresses,
  # Whether there is the socket of hypervisor-attach.
  attach,
  # Who may open the Unix sockets.
  group,
  # Files that root reads for the service, by the names that they have in its credentials; path and changed are for them.
  credentials,
}:
let
  name = "hypervisor-tui-serve";

  # MiB. As in console.nix; seen were 26 with 16 viewers of 400x150 on a small host without a cluster, which takes 2 to 15
  # more. Beyond heap + slack the kernel ends the program, and systemd starts it again.
  ring = (logBufferSize * 256 + 1048575) / 1048576;
  heap = 45 + ring;
  slack = 16;

  # systemd makes the sockets: the program needs no right for a low port, who comes is decided before it, and while it
  # starts again nobody is turned away.
  socket = description: more: {
    inherit description;
    documentation = [ "man:hypervisor-tui(1)" ];
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      Service = "${name}.service";
      SocketUser = "root";
      SocketGroup = group;
      SocketMode = "0660";
      RemoveOnStop = true;
      # A service that does not come up is started again by its Restart=, and the socket stays.
      TriggerLimitIntervalSec = 0;
    }
    // more;
  };
  sockets =
    (
      if listen == [ ] then
        { }
      else
        {
          ${name} = socket "Metrics and screens of the hypervisor console" {
            ListenStream = listen;
            FileDescriptorName = "http";
            # Each address is what it says, also before the network has it.
            BindIPv6Only = "ipv6-only";
            FreeBind = true;
            # Of the sockets, and not of the service: connections count for that of the socket they come to.
            IPAddressDeny = "any";
            IPAddressAllow = clientAddresses;
          };
        }
    )
    // (
      if attach then
        {
          hypervisor-tui-attach = socket "Hypervisor console for terminals of others" {
            ListenSequentialPacket = "/run/hypervisor-tui/console.sock";
            FileDescriptorName = "attach";
          };
        }
      else
        { }
    );
  socketUnits = map (name: "${name}.socket") (builtins.attrNames sockets);
in
{
  inherit sockets;

  service = {
    description = "Hypervisor console for Prometheus, browsers and terminals of others";
    documentation = [ "man:hypervisor-tui(1)" ];
    # From the boot on, and not from the first visit: who comes finds a whole picture, and how old each problem is.
    wantedBy = [ "multi-user.target" ];
    # Wanted only: what takes the port of one leaves the others.
    wants = socketUnits;
    after = [ "${name}-changed.service" ];
    # It goes on trying.
    startLimitIntervalSec = 0;

    environment = {
      LC_ALL = "C.UTF-8";
      GOMAXPROCS = "1";
      GOMEMLIMIT = "${toString heap}MiB";
    };

    serviceConfig = {
      Type = "notify-reload";
      ExecStart = "${exe} --serve --config ${configFile}";
      Sockets = builtins.concatStringsSep " " socketUnits;
      # Not the console's user: whoever should get hold of what listens to the network cannot end or stop the console and
      # the recorder, nor change what was recorded. It reads what they read.
      User = name;
      Group = "hypervisor-tui";

      StandardOutput = "journal";
      StandardError = "journal";

      Restart = "always";
      RestartSec = 5;
      # As the console's.
      WatchdogSec = 60;
      TimeoutStartSec = 60;
      TimeoutStopSec = 10;
      KillMode = "mixed";

      # The console on the machine's own screen goes before its picture elsewhere.
      MemoryMax = "${toString (heap + slack)}M";
      OOMScoreAdjust = 500;
      TasksMax = 64;
      CPUWeight = 20;
      Nice = 5;
      TimerSlackNSec = "1ms";
    }
    // (if credentials == { } then { } else { LoadCredential = map (id: "${id}:${credentials.${id}}") (builtins.attrNames credentials); })
    // (if addresses == [ ] then { } else { IPAddressAllow = addresses; })
    // import ./hardening.nix
    // {
      # Who is at the other end of a Unix socket, and whose terminal it is, would be nobody in here.
      PrivateUsers = false;
    };
  };
}
# systemd reads credentials when it starts the service, and not when it reloads it: a certificate that was renewed takes a new
# start, after which browsers come back by themselves.
// import ./watch.nix {
  of = "the credentials of the hypervisor console for others";
  files = builtins.attrValues credentials;
  changed = "${name}-changed";
  ask = "try-restart --no-block ${name}.service";
}
