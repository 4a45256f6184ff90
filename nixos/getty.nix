# The login prompt of a serial line that the console has left, in the place of serial-getty@, which is masked.
# As console.nix, a function of plain values.
{
  tty,
  term,
  agetty,
  login,
  # What systemd runs when it ends, or null.
  handBack ? null,
}:
{
  description = "Login prompt on ${tty}, in the place of the console";
  documentation = [ "man:agetty(8)" ];
  after = [
    "dev-${tty}.device"
    "systemd-user-sessions.service"
  ];
  bindsTo = [ "dev-${tty}.device" ];
  # As serial-getty@: what goes from one target to another leaves a login alone, and rescue.service asks on this line.
  unitConfig.IgnoreOnIsolate = true;
  conflicts = [ "rescue.service" ];
  before = [ "rescue.service" ];
  restartIfChanged = false;
  environment.TERM = term;
  serviceConfig = {
    Type = "idle";
    ExecStart = "${agetty} --login-program ${login} --keep-baud ${tty} 115200,57600,38400,9600 ${term}";
    Restart = "always";
    UtmpIdentifier = tty;
    StandardInput = "tty";
    StandardOutput = "tty";
    TTYPath = "/dev/${tty}";
    TTYReset = true;
    TTYVHangup = true;
    IgnoreSIGPIPE = false;
    SendSIGHUP = true;
  }
  // (if handBack == null then { } else { ExecStopPost = handBack; });
}
