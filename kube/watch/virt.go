package watch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unsafe"

	"hypervisor-tui/kube"
)

// The readers below are given one object as JSON: the API server has no protobuf for what a CustomResourceDefinition
// brings. A field of another type than KubeVirt gives it counts as not said.

// jsonMeta is what is read of an object's metadata.
type jsonMeta struct {
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	UID         string `json:"uid"`
	Version     string `json:"resourceVersion"`
	Created     string `json:"creationTimestamp"`
	Annotations struct {
		Synced string `json:"k8s.io/initial-events-end"`
	} `json:"annotations"`
}

func (s *scan) jsonMeta(m *jsonMeta) meta {
	return meta{key: s.key([]byte(m.Namespace), []byte(m.Name)), version: []byte(m.Version), synced: m.Annotations.Synced == "true"}
}

// few is a list of which no more than maxParts entries are read.
type few[T any] []T

// UnmarshalJSON takes what is no list as an empty one, and the entries up to one that is malformed.
func (f *few[T]) UnmarshalJSON(b []byte) error {
	in := json.NewDecoder(bytes.NewReader(b))
	if open, err := in.Token(); err != nil || open != json.Delim('[') {
		return nil
	}
	for len(*f) < maxParts && in.More() {
		var v T
		var wrong *json.UnmarshalTypeError
		if err := in.Decode(&v); err != nil && !errors.As(err, &wrong) {
			return err
		}
		*f = append(*f, v)
	}
	return nil
}

// readJSON reads b into v. Of an object with a field of a wrong type the rest is read.
func (s *scan) readJSON(b []byte, v any) {
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(b, v); err != nil && !errors.As(err, &wrong) {
		s.err = errors.New("malformed JSON")
	}
}

// readBookmark reads the metadata of any object.
func readBookmark(s *scan, b []byte) meta {
	var v struct {
		Metadata jsonMeta `json:"metadata"`
	}
	s.readJSON(b, &v)
	return s.jsonMeta(&v.Metadata)
}

// readUse reads a NodeMetrics, which a metrics server may have as JSON only.
func readUse(s *scan, b []byte) (meta, kube.NodeMetrics) {
	var v struct {
		Metadata jsonMeta `json:"metadata"`
		Usage    amounts  `json:"usage"`
	}
	s.readJSON(b, &v)
	return s.jsonMeta(&v.Metadata), kube.NodeMetrics{CPU: int64(v.Usage.CPU), Memory: int64(v.Usage.Memory) / 1000}
}

// readVM reads a VirtualMachine.
func readVM(s *scan, b []byte) (meta, kube.VM) {
	var v struct {
		Metadata jsonMeta `json:"metadata"`
		Status   struct {
			PrintableStatus string         `json:"printableStatus"`
			Conditions      few[condition] `json:"conditions"`
		} `json:"status"`
	}
	s.readJSON(b, &v)
	vm := kube.VM{
		Namespace: s.word(v.Metadata.Namespace), Name: s.text([]byte(v.Metadata.Name), maxName), Status: s.word(v.Status.PrintableStatus),
	}
	for _, c := range v.Status.Conditions {
		if c.Type == "Ready" {
			vm.Since = jsonTime(c.Changed)
		}
	}
	vm.Conditions = s.worth(v.Status.Conditions)
	return s.jsonMeta(&v.Metadata), vm
}

// worth returns the conditions that are worth showing, the bad ones first.
func (s *scan) worth(list []condition) (worth []kube.Condition) {
	for _, c := range list {
		k := kube.Condition{Type: s.word(c.Type), Status: s.word(c.Status)}
		if !k.JudgeVirt() {
			continue
		}
		k.Reason, k.Message, k.Since = s.word(c.Reason), s.text([]byte(c.Message), kube.MaxMessage), jsonTime(c.Changed)
		worth = append(worth, k)
		s.bytes += int(unsafe.Sizeof(k))
	}
	slices.SortStableFunc(worth, func(a, b kube.Condition) int { return int(b.Good - a.Good) }) // False, then Unknown
	return worth
}

// word is name for what is a string already.
func (s *scan) word(text string) string { return s.name([]byte(text)) }

type topology struct {
	Cores   uint32 `json:"cores"`
	Sockets uint32 `json:"sockets"`
	Threads uint32 `json:"threads"`
}

// vcpus multiplies what is set; what is not set counts as one. 0: nothing is set, or no machine has so many.
func (t topology) vcpus() int {
	if t == (topology{}) {
		return 0
	}
	n := uint64(max(t.Cores, 1)) * uint64(max(t.Sockets, 1))
	if n *= uint64(min(max(t.Threads, 1), 64)); n > 1<<20 {
		return 0
	}
	return int(n)
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Changed string `json:"lastTransitionTime"`
}

type moving struct {
	UID     string `json:"migrationUid"`
	Source  string `json:"sourceNode"`
	Target  string `json:"targetNode"`
	Started string `json:"startTimestamp"`
	Ended   string `json:"endTimestamp"`
	Done    bool   `json:"completed"`
	Failed  bool   `json:"failed"`
	Why     string `json:"failureReason"`
	Mode    string `json:"mode"`
}

func (s *scan) moving(v *moving) kube.Moving {
	return kube.Moving{
		UID: s.text([]byte(v.UID), 64), Source: s.word(v.Source), Target: s.word(v.Target), Started: jsonTime(v.Started),
		Ended: jsonTime(v.Ended), Completed: v.Done, Failed: v.Failed, Why: s.text([]byte(v.Why), kube.MaxMessage), Mode: s.word(v.Mode),
	}
}

// instance is the JSON of a VirtualMachineInstance.
type instance struct {
	Metadata jsonMeta `json:"metadata"`
	Spec     struct {
		Eviction string `json:"evictionStrategy"`
		Domain   struct {
			CPU    topology `json:"cpu"`
			Memory struct {
				Guest quantity `json:"guest"`
			} `json:"memory"`
			Resources struct {
				Requests amounts `json:"requests"`
				Limits   amounts `json:"limits"`
			} `json:"resources"`
		} `json:"domain"`
	} `json:"spec"`
	Status struct {
		Phase      string         `json:"phase"`
		Node       string         `json:"nodeName"`
		Evacuating string         `json:"evacuationNodeName"`
		Conditions few[condition] `json:"conditions"`
		Interfaces few[struct {
			IP  string      `json:"ipAddress"`
			IPs few[string] `json:"ipAddresses"`
		}] `json:"interfaces"`
		Moving *moving  `json:"migrationState"`
		CPU    topology `json:"currentCPUTopology"`
		Memory struct {
			Current quantity `json:"guestCurrent"`
		} `json:"memory"`
	} `json:"status"`
}

type amounts struct {
	CPU    quantity `json:"cpu"`
	Memory quantity `json:"memory"`
}

// quantity is thousandths; in JSON a string or a number.
type quantity int64

// UnmarshalJSON takes what is no quantity as not said.
func (q *quantity) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(b) > 1 && b[0] == '"' {
		text = text[1 : len(text)-1]
	}
	*q = quantity(max(thousandths(text), 0))
	return nil
}

// readInstance reads a VirtualMachineInstance.
func readInstance(s *scan, b []byte) (meta, kube.VMI) {
	var v instance
	s.readJSON(b, &v)
	d, st := &v.Spec.Domain, &v.Status
	i := kube.VMI{
		Namespace: s.word(v.Metadata.Namespace), Name: s.text([]byte(v.Metadata.Name), maxName), Phase: s.word(st.Phase),
		Node: s.word(st.Node), Eviction: s.word(v.Spec.Eviction), Evacuating: s.word(st.Evacuating),
		Created: jsonTime(v.Metadata.Created), VCPUs: cmp.Or(st.CPU.vcpus(), d.CPU.vcpus()),
		Memory: uint64(cmp.Or(st.Memory.Current, d.Memory.Guest, d.Resources.Requests.Memory)) / 1000,
	}
	if cpu := cmp.Or(d.Resources.Limits.CPU, d.Resources.Requests.CPU); i.VCPUs == 0 && cpu > 0 {
		i.VCPUs = int((cpu + 999) / 1000) // KubeVirt rounds up
	}
	for _, nic := range st.Interfaces {
		if len(nic.IPs) == 0 && nic.IP != "" {
			nic.IPs = []string{nic.IP}
		}
		for _, ip := range nic.IPs[:min(len(nic.IPs), maxParts-len(i.IPs))] {
			i.IPs = append(i.IPs, s.text([]byte(ip), 64))
		}
	}
	s.conditions(&i, st.Conditions)
	i.Conditions = s.worth(st.Conditions)
	if st.Moving != nil {
		m := s.moving(st.Moving)
		i.Moving = &m
	}
	return s.jsonMeta(&v.Metadata), i
}

// conditions reads what the conditions say. KubeVirt sets Paused only while it is so.
func (s *scan) conditions(i *kube.VMI, list []condition) {
	if len(list) > 0 {
		i.Paused = kube.False
	}
	for _, c := range list {
		truth := truth(c.Status)
		switch c.Type {
		case "Ready":
			i.Ready = truth
		case "Paused":
			i.Paused = truth
		case "AgentConnected":
			i.Agent = truth
		case "LiveMigratable":
			i.Migratable = truth
			if truth == kube.False {
				i.WhyNot = s.text([]byte(cmp.Or(c.Message, c.Reason)), kube.MaxMessage)
			}
		}
	}
}

// readMigration reads a VirtualMachineInstanceMigration.
func readMigration(s *scan, b []byte) (meta, kube.Migration) {
	var v struct {
		Metadata jsonMeta `json:"metadata"`
		Spec     struct {
			Instance string `json:"vmiName"`
		} `json:"spec"`
		Status struct {
			Phase  string `json:"phase"`
			Moving moving `json:"migrationState"`
		} `json:"status"`
	}
	s.readJSON(b, &v)
	m := kube.Migration{
		Namespace: s.word(v.Metadata.Namespace), Name: s.text([]byte(v.Metadata.Name), maxName), VMI: s.text([]byte(v.Spec.Instance), maxName),
		Phase: s.word(v.Status.Phase), Created: jsonTime(v.Metadata.Created), Moving: s.moving(&v.Status.Moving),
	}
	m.UID = s.text([]byte(v.Metadata.UID), 64)
	return s.jsonMeta(&v.Metadata), m
}

// readKubeVirt reads a KubeVirt.
func readKubeVirt(s *scan, b []byte) (meta, kube.KubeVirt) {
	var v struct {
		Metadata jsonMeta `json:"metadata"`
		Status   struct {
			Phase      string         `json:"phase"`
			Version    string         `json:"observedKubeVirtVersion"`
			Conditions few[condition] `json:"conditions"`
		} `json:"status"`
	}
	s.readJSON(b, &v)
	k := kube.KubeVirt{Phase: s.word(v.Status.Phase), Version: s.word(v.Status.Version)}
	for _, c := range v.Status.Conditions {
		switch truth := truth(c.Status); c.Type {
		case "Available":
			if k.Available = truth; truth == kube.False {
				k.Why, k.Since = cmp.Or(s.word(c.Reason), k.Why), jsonTime(c.Changed)
			}
		case "Progressing":
			k.Progressing = truth
		case "Degraded":
			if k.Degraded = truth; truth == kube.True && (k.Available != kube.False || k.Why == "") {
				k.Why, k.Since = s.word(c.Reason), jsonTime(c.Changed)
			}
		}
	}
	return s.jsonMeta(&v.Metadata), k
}

// jsonTime reads a time, zero when it is none.
func jsonTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return credible(at)
}
