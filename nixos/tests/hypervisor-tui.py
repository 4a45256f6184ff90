CONSOLE = "hypervisor-tui@tty1.service"
PROMPT = "getty@tty1.service"


def pid(unit: str) -> str:
    return machine.get_unit_property(unit, "MainPID")


def state(unit: str) -> str:
    return machine.get_unit_property(unit, "ActiveState")


def nothing_failed() -> None:
    failed = machine.succeed("systemctl --failed --no-legend --plain").strip()
    assert failed == "", f"failed: {failed}"


def console() -> None:
    """The console has the terminal."""
    machine.wait_until_succeeds(f"systemctl is-active {CONSOLE}")
    machine.wait_until_tty_matches("1", "F1 Logs")
    assert state(PROMPT) == "inactive", f"the prompt is {state(PROMPT)}"
    nothing_failed()


def prompt() -> None:
    """A login prompt has the terminal."""
    machine.wait_until_succeeds(f"systemctl is-active {PROMPT}")
    machine.wait_until_tty_matches("1", "login: ")
    assert state(CONSOLE) in ("inactive", "failed"), f"the console is {state(CONSOLE)}"


def switch(configuration: str) -> str:
    """Switches to a specialisation, or with "" to what was booted, and returns what the switch says."""
    system = "/run/booted-system"
    if configuration != "":
        system += f"/specialisation/{configuration}"
    said = machine.succeed(f"{system}/bin/switch-to-configuration test 2>&1")
    machine.log(said)
    return said


def reloads(configuration: str) -> None:
    """A switch that the running console takes part in."""
    before = pid(CONSOLE)
    said = switch(configuration)
    reloaded = [line for line in said.splitlines() if line.startswith("reloading the following units:")]
    assert any(CONSOLE in line for line in reloaded), f"not reloaded: {said}"
    assert pid(CONSOLE) == before, f"process {before} is {pid(CONSOLE)} after a switch"
    console()


def spares(unit: str, configuration: str) -> None:
    """A switch that leaves what has the terminal alone."""
    before = pid(unit)
    switch(configuration)
    assert pid(unit) == before, f"process {before} of {unit} is {pid(unit)} after a switch"
    assert state(CONSOLE) in ("inactive", "failed"), f"the console is {state(CONSOLE)}"


def leave() -> None:
    """From the console to a login prompt."""
    machine.send_key("f12")
    machine.wait_until_tty_matches("1", r"Log in here\?")
    machine.send_key("y")
    prompt()


def log_in() -> None:
    machine.send_chars("alice\n")
    machine.wait_until_tty_matches("1", "Password: ")
    machine.send_chars("foobar\n")
    machine.wait_until_succeeds("pgrep -u alice bash")


def answers(name: str) -> None:
    """The shell that was logged in reads what is typed."""
    machine.send_chars(f"touch {name}\n")
    machine.wait_for_file(f"/home/alice/{name}")


def log_out() -> None:
    machine.send_chars("exit\n")
    machine.wait_until_fails("pgrep -u alice bash")


machine.start()

with subtest("boot"):
    machine.wait_for_unit("multi-user.target")
    console()

with subtest("kubeconfig handed over and taken back"):
    source, copied = "/etc/rancher/k3s/k3s.yaml", "/run/hypervisor-tui/kubeconfig"
    machine.succeed("mkdir -p /etc/rancher/k3s")
    for text in ("one", "another"):
        machine.succeed(f"umask 077; echo {text} >{source}")
        machine.wait_until_succeeds(f"test \"$(cat {copied})\" = {text}")
        handed = machine.succeed(f"stat -c '%a %U %G' {copied}").strip()
        assert handed == "440 root hypervisor-tui", handed
    machine.succeed(f"rm {source}")
    machine.wait_until_fails(f"test -e {copied}")

with subtest("keys that would end every VM"):
    for unit in ("ctrl-alt-del.target", "kbrequest.target"):
        assert machine.get_unit_property(unit, "LoadState") == "masked", f"{unit} is not masked"
    machine.send_key("alt-up")
    for _ in range(8):
        machine.send_key("ctrl-alt-delete")
    # Keys come in order: those before have done what they do.
    machine.send_key("f1")
    machine.wait_until_tty_matches("1", " All ")
    machine.send_key("f2")
    machine.wait_until_succeeds("journalctl -b _PID=1 | grep -F 'ctrl-alt-del.target is masked'")
    jobs = machine.succeed("systemctl list-jobs --no-legend").strip()
    assert jobs == "", f"jobs: {jobs}"
    assert state("rescue.target") == "inactive"
    console()

with subtest("switch with settings only"):
    reloads("settings")

with subtest("switch with a changed unit"):
    reloads("unit")
    reloads("")

with subtest("login, switch, logout"):
    leave()
    log_in()
    answers("before")
    spares(PROMPT, "settings")
    answers("between")
    spares(PROMPT, "")
    answers("after")
    log_out()
    console()

with subtest("switch at a prompt"):
    leave()
    spares(PROMPT, "unit")
    spares(PROMPT, "")
    machine.succeed(f"systemctl start {CONSOLE}")
    console()

with subtest("five crashes"):
    machine.succeed(f"systemctl stop {CONSOLE}")
    machine.succeed(f"systemctl reset-failed {CONSOLE}; systemctl start {CONSOLE}")
    for _ in range(5):
        console()
        before = pid(CONSOLE)
        machine.succeed(f"systemctl kill --signal=SEGV {CONSOLE}")
        machine.wait_until_fails(f"test $(systemctl show -P MainPID {CONSOLE}) = {before}")
    prompt()
    assert state(CONSOLE) == "failed"
    spares(PROMPT, "settings")
    spares(PROMPT, "")
    machine.succeed(f"systemctl start {CONSOLE}")
    console()

with subtest("rescue.target and on"):
    machine.succeed("systemctl isolate rescue.target")
    assert state(CONSOLE) == "inactive", f"the console is {state(CONSOLE)} in rescue.target"
    machine.succeed("systemctl default")
    machine.wait_for_unit("multi-user.target")
    console()

with subtest("removal"):
    switch("removed")
    machine.wait_until_tty_matches("1", "login: ")
    machine.wait_until_succeeds("pgrep -f 'agetty.*tty1'")
    assert machine.succeed("systemctl list-units --no-legend 'hypervisor-tui@*'").strip() == ""
    nothing_failed()

machine.shutdown()
rescue.start()

with subtest("the rescue entry"):
    rescue.wait_for_unit("rescue.target")
    rescue.wait_until_succeeds(f"systemctl is-active {CONSOLE}")
    rescue.wait_until_tty_matches("1", "F1 Logs")
    rescue.wait_until_tty_matches("2", "Control-D")

with subtest("on from there"):
    rescue.send_key("alt-f2")
    rescue.wait_until_succeeds("test \"$(fgconsole)\" = 2")
    rescue.send_key("ctrl-d")
    rescue.wait_until_succeeds("systemctl is-active multi-user.target")
    rescue.wait_until_succeeds(f"systemctl is-active {CONSOLE} || systemctl is-active {PROMPT}")
