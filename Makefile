# The names everyone knows. make run and make test are the two that the README asks for.

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME    ?= 2000x
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
DIST        ?= dist
# tcell_minimal leaves out terminals that draw/terminal.go does not use, funcalign=8 the gaps between functions: 0.1 MB.
BUILDFLAGS   = -trimpath -ldflags '-s -w -funcalign=8 -X main.version=$(VERSION)' -tags '$(1) tcell_minimal'

# go keeps its caches below HOME; a machine may have none.
ifndef HOME
export HOME := $(shell mktemp -d)
endif

CACHE          := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hypervisor-tui
APITEST_SERVER ?= $(CACHE)/apitest-server
SYSTEMD_ROOT   ?= $(CACHE)/systemd-root
EXPORTERS      ?= $(CACHE)/exporters

# Where some systems keep ip and ethtool, out of a user's sight, and where exporters puts its programs.
export PATH := $(PATH):/usr/sbin:/sbin:$(EXPORTERS)/usr/bin

GOTEST       := go run ./.ci/gotest

.NOTPARALLEL:
.PHONY: build run test tools exporters lint race sandbox fuzz apitest systemd arm64 release bench vendor-hash nix-options

# The console and hypervisor-attach, static and stripped; the same source gives the same bytes. make build TAGS=nokube leaves
# out the cluster, and what a rescue system has no use for: plugins, --serve, --act, --metrics.
build:
	CGO_ENABLED=0 go build $(call BUILDFLAGS,$(TAGS)) -o ./ . ./cmd/hypervisor-attach

# make run ARGS='--screen logs'
run: build
	./hypervisor-tui $(ARGS)

# Everything; go test's own closing lines come last.
test: tools exporters lint race sandbox fuzz apitest systemd arm64
	go test ./...

# What the tests want beyond go: a C compiler for the race detector, tmux and sshd for the end-to-end tests, a D-Bus daemon for
# those of systemd's units, nix to evaluate the NixOS module's, journalctl and journald for those of the journal, ip and
# ethtool to compare with, the shells that complete, namespaces for hung mounts, other hosts' files and the sandbox, qemu
# to run what is for arm64, mmdebstrap for a systemd to boot, checks of Nagios to read, a Chromium to look at the page with. That is
# the largest, 0.4 GB on the disk, and Ubuntu has no such package.
tools:
	@missing=; \
	need() { command -v "$$1" >/dev/null || missing="$$missing $$2"; }; \
	need "$$(go env CC)" "gcc libc6-dev"; \
	need tmux tmux; \
	need sshd "openssh-server openssh-client"; \
	need dbus-daemon dbus; \
	need nix-instantiate nix-bin; \
	need journalctl systemd; \
	need ip iproute2; \
	need ethtool ethtool; \
	need fish fish; \
	need zsh zsh; \
	need jq jq; \
	need unshare util-linux; \
	need mmdebstrap mmdebstrap; \
	need /usr/lib/nagios/plugins/check_disk monitoring-plugins-basic; \
	command -v google-chrome >/dev/null || need chromium chromium; \
	[ "$$(go env GOHOSTARCH)" = arm64 ] || need qemu-aarch64-static qemu-user-static; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq; \
		apt-cache show chromium >/dev/null 2>&1 || missing=$$(echo "$$missing" | sed 's/ chromium//'); \
		apt-get install -y -qq --no-install-recommends $$missing; \
	else \
		echo "tools: not installed:$$missing; what needs them is skipped"; \
	fi

# Prometheus and node_exporter, which the figures are compared with: from Debian's packages, unpacked and not installed, since
# these would start services.
exporters:
	@if command -v prometheus >/dev/null && command -v prometheus-node-exporter >/dev/null || ! command -v apt-get >/dev/null; then exit 0; fi; \
	dir=$$(mktemp -d) && cd "$$dir" && chmod 755 . || exit; \
	get() { apt-get download -qq prometheus prometheus-node-exporter; }; \
	if get 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && get; }; then \
		mkdir -p "$(EXPORTERS)" && for package in *.deb; do dpkg -x "$$package" "$(EXPORTERS)"; done; \
	else \
		echo "exporters: Debian's packages cannot be had; what compares with them is skipped"; \
	fi; \
	rm -r "$$dir"

lint:
	@unformatted=$$("$$(go env GOROOT)/bin/gofmt" -l .); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:" $$unformatted; exit 1; fi
	go vet ./... ./.ci/gotest
	go -C docs/pictures vet .
	go run $(STATICCHECK) ./... ./.ci/gotest
	@if go mod download $(subst /cmd/actionlint,,$(ACTIONLINT)); then \
		echo "go run $(ACTIONLINT) .github/workflows/*.yml"; go run $(ACTIONLINT) .github/workflows/*.yml; \
	else \
		echo "lint: the workflows are not checked, the source of actionlint cannot be had: the reason is above"; \
	fi

race:
	@if command -v $$(go env CC) >/dev/null; then \
		echo "race: the tests as user $$(id -u), with the race detector"; CGO_ENABLED=1 $(GOTEST) -race ./...; \
	else \
		echo "race: skipped, there is no C compiler"; \
	fi

# The tests as nix build runs them for both packages: as a user without rights, where nearly nothing is to be had. The
# tag changes the main package alone.
sandbox:
	@echo "sandbox: the tests as nix build runs them, as uid 1000"
	@.ci/sandbox ./...
	@echo "sandbox: the same of the package nokube"
	@.ci/sandbox -tags nokube . ./console/...

# Each fuzz target for FUZZTIME: a number of inputs such as 2000x, or a time such as 20s.
fuzz:
	@grep -r --include='*_test.go' '^func Fuzz' . | \
	sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | \
	while read -r package target; do \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package" </dev/null || exit 1; \
	done

# The cluster's tests against Kubernetes' own API server. Building that takes twenty minutes of a processor, once:
# it is kept in the user's cache. Where its source cannot be had, which needs network, that is said; not that it builds.
apitest:
	@echo "apitest: an API server from source, which takes minutes the first time"
	@mkdir -p "$(dir $(APITEST_SERVER))"; \
	if go -C kube/apitest/server mod download; then \
		CGO_ENABLED=0 go -C kube/apitest/server build -trimpath -ldflags '-s -w' -o "$(APITEST_SERVER)" . && \
		APITEST_SERVER="$(APITEST_SERVER)" $(GOTEST) -count=1 -run RealAPI ./console/e2e ./kube/apitest ./act/node; \
	else \
		echo "apitest: skipped, the source of the API server cannot be had: the reason is above"; \
	fi

# What is released for arm64, run as the tests run it: without a terminal, since qemu has no TCGETS2.
arm64:
	@echo "arm64: vet, and the released programs without a terminal"
	CGO_ENABLED=0 GOARCH=arm64 go vet ./...
	@dir=$$(mktemp -d); trap 'rm -r "$$dir"' EXIT; \
	$(MAKE) --no-print-directory release DIST="$$dir" || exit; \
	qemu=; \
	if [ "$$(go env GOHOSTARCH)" != arm64 ] && ! qemu=$$(command -v qemu-aarch64-static); then \
		echo "arm64: built and not run, there is no qemu-aarch64-static"; exit; \
	fi; \
	for tags in "" nokube; do \
		printf '#!/bin/sh\nexec %s %s "$$@"\n' "$$qemu" "$$dir"/*-arm64/hypervisor-tui$${tags:+-$$tags} >"$$dir/run"; \
		chmod +x "$$dir/run"; \
		HYPERVISOR_TUI_TEST_PROGRAM="$$dir/run" $(GOTEST) -count=1 -tags "$$tags" -run '^Test(Check|OncePicture|OnceNetwork)$$' ./console/e2e || exit; \
	done

# All programs with what belongs to them, for amd64 and arm64, and the archives' checksums. The same commit gives
# the same bytes.
release:
	@rm -rf "$(DIST)"/hypervisor-tui-* "$(DIST)/SHA256SUMS"; set -e; \
	for arch in amd64 arm64; do \
		name=hypervisor-tui-$(VERSION)-linux-$$arch; mkdir -p "$(DIST)/$$name"; \
		for tags in "" nokube; do \
			CGO_ENABLED=0 GOARCH=$$arch go build $(call BUILDFLAGS,'"$$tags"') -o "$(DIST)/$$name/hypervisor-tui$${tags:+-$$tags}" .; \
		done; \
		CGO_ENABLED=0 GOARCH=$$arch go build $(call BUILDFLAGS,) -o "$(DIST)/$$name/" ./cmd/hypervisor-attach; \
		cp -r --parents LICENSE README.md CHANGELOG.md config.example.yaml docs nixos/serviceaccount.yaml nixos/serviceaccount-act.yaml "$(DIST)/$$name"; \
		tar -c --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX --mtime="@$$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
			-C "$(DIST)" "$$name" | gzip -9n >"$(DIST)/$$name.tar.gz"; \
	done; \
	cd "$(DIST)"; sha256sum *.tar.gz | tee SHA256SUMS

# The NixOS module's units under a real systemd, that of Debian 13, in namespaces. Its root is kept in the user's cache:
# 200 MB, fetched once. Where it cannot be had that is said.
systemd:
	@echo "systemd: the units of the NixOS module under a real one"
	@if [ "$$(id -u)" != 0 ]; then \
		echo "systemd: skipped, only root can boot one"; \
	elif [ -e "$(SYSTEMD_ROOT)/usr/lib/polkit-1/polkitd" ] && [ -e "$(SYSTEMD_ROOT)/usr/lib/nagios/plugins/check_disk" ] || { \
		mkdir -p "$(dir $(SYSTEMD_ROOT))" && rm -rf "$(SYSTEMD_ROOT).new" && \
		mmdebstrap --quiet --variant=minbase --include=systemd,dbus,login,bash,polkitd,procps,util-linux,monitoring-plugins-basic trixie "$(SYSTEMD_ROOT).new" && \
		rm -rf "$(SYSTEMD_ROOT)" && mv "$(SYSTEMD_ROOT).new" "$(SYSTEMD_ROOT)"; \
	}; then \
		SYSTEMD_ROOT="$(SYSTEMD_ROOT)" $(GOTEST) -count=1 -run 'TestSystemd$$' ./nixos; \
	else \
		echo "systemd: skipped, a root directory with it cannot be had: the reason is above"; \
	fi

bench:
	go test -run '^$$' -bench . -benchmem ./...

# After a change of go.mod, or of what is imported: nixos/package.nix gets the hash of the vendored modules.
vendor-hash:
	go test -count=1 -v -run TestVendorHash ./nixos -update

# After a change of an option: docs/nixos-options.md. NIXPKGS_LIB=/path/of/nixpkgs/lib compares with what that lib makes.
nix-options:
	go test -count=1 -run TestOptionReferenceText ./nixos -update
