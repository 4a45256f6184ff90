# What an entry of serve.listen says, which options.nix takes.
address:
let
  match = builtins.match "(.*):([0-9]+)" address;
  host = builtins.head match;
in
rec {
  unix = builtins.substring 0 1 address == "/";
  # Reached by this machine's own users alone.
  local = unix || builtins.match "127[.].*|\\[::1]" host != null;
  port = builtins.fromJSON (builtins.elemAt match 1);
}
