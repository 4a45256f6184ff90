# A configuration file of the program, which reads it when it is built: a key that it does not know, or a bad value, ends
# the build with the program's own words.
{
  pkgs,
  exe,
}:
name: settings:
let
  file = (pkgs.formats.yaml { }).generate name settings;
in
# A program for another processor cannot be asked.
if pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform then
  pkgs.runCommand name { } ''
    # Of a build that fails nix shows the end; the configuration is the report's first line.
    ${exe} --config ${file} --check >report || { head -n 1 report; exit 1; }
    cp ${file} $out
  ''
else
  file
