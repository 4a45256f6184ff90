# The systemd service that draws on one terminal, as a value of systemd.services. A function of plain values that needs
# no nixpkgs: nix alone can evaluate it, and the tests compare it with nixos/testdata.
{
  # Name below /dev: tty1, ttyS0.
  tty,
  # What $TERM says of it.
  term,
  # The program.
  exe,
  # The configuration, read again when systemd reloads the service.
  configFile,
  # Entries of the log ring, 256 bytes each.
  logBufferSize,
  # Where API servers, other nodes and Prometheus are, as IPAddressAllow has it; it can talk to nobody else.
  addresses,
  # Whether F12 ends it with status 3, for a login prompt that gives the terminal back.
  login ? false,
  # For the boot entry into rescue.target.
  rescue ? false,
}:
let
  isVT = builtins.match "tty[0-9]+" tty != null;
  # The login prompt that this terminal would have, and the one to fall back to. That of a VT is NixOS' own; a serial
  # line's is masked, because systemd-getty-generator would start it beside the console, and has a stand-in.
  ownGetty = if isVT then "getty@${tty}.service" else "serial-getty@${tty}.service";
  fallback = if isVT then ownGetty else "hypervisor-tui-getty@${tty}.service";
  device = "dev-${tty}.device";
  # They ask for root's password on the same screen. In the rescue entry rescue.service does so on another terminal.
  prompts = [ "emergency.service" ] ++ (if rescue then [ ] else [ "rescue.service" ]);

  # MiB. What the program needs without the ring is 14 to 32; Go's collector works harder from heap on, and the kernel
  # ends the program beyond heap + slack, which holds journalctl and pages of the journal's files too.
  ring = (logBufferSize * 256 + 1048575) / 1048576;
  heap = (if rescue then 32 else 64) + ring;
  slack = if rescue then 32 else 64;
in
{
  description = "Hypervisor console on ${tty}";
  documentation = [ "man:hypervisor-tui(1)" ];
  before = prompts;
  conflicts =
    prompts
    ++ [ ownGetty ]
    ++ (if isVT then [ "autovt@${tty}.service" ] else [ fallback ]);
  after = [
    ownGetty
  ]
    ++ (
      if isVT then
        [
          "systemd-vconsole-setup.service"
          "plymouth-quit-wait.service"
        ]
      else
        [ device ]
    );
  bindsTo = if isVT then [ ] else [ device ];
  unitConfig = {
    # It is wanted by no target (start.nix), and what goes from one to another leaves it alone, as it does a login prompt.
    IgnoreOnIsolate = true;
  }
  // (if isVT then { ConditionPathExists = "/dev/tty0"; } else { });

  # A program that fails five times in ten minutes, be it that it hangs each time, leaves the terminal to a login
  # prompt. The rescue entry has that on another terminal, and goes on trying. Status 3 counts as a failure too, so that
  # stopping the service, as a shutdown does, starts no prompt.
  startLimitIntervalSec = if rescue then 0 else 600;
  startLimitBurst = 5;
  onFailure = if rescue then [ ] else [ fallback ];

  # A switch must not take the picture away. Whatever it changes, the running program reads its configuration again.
  reloadIfChanged = true;

  environment = {
    TERM = term;
    LC_ALL = "C.UTF-8";
    TCELL_TRUECOLOR = "disable";
    GOMAXPROCS = "1";
    GOMEMLIMIT = "${toString heap}MiB";
  };

  serviceConfig = {
    # Not Type=notify with an ExecReload: what that starts would hang up and reset the terminal first, as any process of
    # a service with TTYVHangup and TTYReset does. With notify-reload systemd sends SIGHUP itself.
    Type = "notify-reload";
    ExecStart = "${exe} --config ${configFile}";
    User = "hypervisor-tui";
    Group = "hypervisor-tui";

    StandardInput = "tty";
    StandardOutput = "journal";
    StandardError = "journal";
    TTYPath = "/dev/${tty}";
    TTYReset = true;
    TTYVHangup = true;
    TTYVTDisallocate = isVT;
    DeviceAllow = "/dev/${tty} rw";

    Restart = "always";
    RestartSec = 1;
    # Otherwise each restart would count as a failure, and show the login prompt for its second.
    RestartMode = "direct";
    # A host that is starved may take long over a frame, and is not to lose it.
    WatchdogSec = 60;
    TimeoutStartSec = 60;
    TimeoutStopSec = 5;
    KillMode = "mixed";

    MemoryMax = "${toString (heap + slack)}M";
    # The screen is needed most when memory is short.
    OOMScoreAdjust = -500;
    # Go's runtime naps for 20 us over and over while the console is awake: a sixth of its CPU. Later timers are no loss.
    TimerSlackNSec = "1ms";
  }
  // (if login then { RestartPreventExitStatus = 3; } else { })
  // (if addresses == [ ] then { } else { IPAddressAllow = addresses; })
  // import ./hardening.nix;
}
