# The timer that starts the console on one terminal, at once and only once: at boot, and on the way back from rescue.target.
# As console.nix, a function of plain values.
#
# No target wants the console itself. A switch starts getty.target and all that it wants anew, which would put the console
# over the login prompt that has the terminal meanwhile, and end the shell of whoever is logged in there. To a timer that
# has elapsed the same does nothing. It also keeps the console's exit status in systemd's memory, for handback.nix.
{
  tty,
  # For the boot entry into rescue.target.
  rescue ? false,
}:
{
  description = "Start of the hypervisor console on ${tty}";
  # The rescue entry comes to getty.target too, when somebody goes on from there.
  wantedBy = [ "getty.target" ] ++ (if rescue then [ "rescue.target" ] else [ ]);
  timerConfig = {
    OnActiveSec = 0;
    AccuracySec = "1us";
  };
}
