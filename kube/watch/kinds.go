package watch

import (
	"unsafe"

	"hypervisor-tui/kube"
)

// kind is how one kind of object is asked for and read. read's put keeps the object and reports whether there was room for
// it; its meta is valid until the memory of what was read is used again.
type kind struct {
	kube.Kind
	path  string
	query string // beside what every list and watch has
	form  form
	polls bool // it cannot be watched: it is listed again and again
	table func(*kube.Objects) table
	read  func(*scan, []byte) (meta, func(*kube.Objects) bool)
}

// table is a kube.Table of any type.
type table interface {
	Begin()
	End()
	Drop(key string)
	Len() int
	Empty()
}

// form is how objects come over the wire.
type form uint8

const (
	protobuf form = iota
	names         // protobuf, and nothing of an object but its metadata
	jsonText
)

// forms says of each the header that asks for it, what the content type of an answer has in it, and what a byte costs.
var forms = [...]struct {
	accept, answer string
	cost           int
}{
	protobuf: {"application/vnd.kubernetes.protobuf", "protobuf", 1},
	names:    {"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "protobuf", 1},
	jsonText: {"application/json", "json", costJSON},
}

// newKind ties a reader to the table that its objects are kept in.
func newKind[T any](k kube.Kind, path string, f form, t func(*kube.Objects) *kube.Table[T], read func(*scan, []byte) (meta, T)) kind {
	return kind{
		Kind: k, path: path, form: f,
		table: func(o *kube.Objects) table { return t(o) },
		read: func(s *scan, b []byte) (meta, func(*kube.Objects) bool) {
			s.bytes = 0
			m, object := read(s, b)
			more := s.bytes
			if k == kube.KindVM || k == kube.KindVMI || k == kube.KindMigration {
				more += 3 * int(unsafe.Sizeof(object)) // of each State that lists it
			}
			return m, func(o *kube.Objects) bool { return kube.Keep(o, t(o), m.key, object, more) }
		},
	}
}

// kinds lists all that is followed.
func kinds() []kind {
	const virt = "/apis/kubevirt.io/v1/"
	warnings := newKind(kube.KindEvent, "/api/v1/events", protobuf, func(o *kube.Objects) *kube.Table[kube.Event] { return &o.Events }, readWarning)
	warnings.query = "&fieldSelector=type%3DWarning"
	use := newKind(kube.KindNodeMetrics, "/apis/metrics.k8s.io/v1beta1/nodes", jsonText, func(o *kube.Objects) *kube.Table[kube.NodeMetrics] { return &o.NodeMetrics }, readUse)
	use.polls = true
	const storage = "/apis/storage.k8s.io/v1/storageclasses"
	return []kind{
		newKind(kube.KindNode, "/api/v1/nodes", protobuf, func(o *kube.Objects) *kube.Table[kube.Node] { return &o.Nodes }, readNode),
		newKind(kube.KindPod, "/api/v1/pods", protobuf, func(o *kube.Objects) *kube.Table[kube.KeptPod] { return &o.Pods }, readKeptPod),
		newKind(kube.KindService, "/api/v1/services", protobuf, func(o *kube.Objects) *kube.Table[kube.Service] { return &o.Services }, readService),
		newKind(kube.KindPVC, "/api/v1/persistentvolumeclaims", protobuf, func(o *kube.Objects) *kube.Table[kube.PVC] { return &o.PVCs }, readClaim),
		warnings,
		newKind(kube.KindNamespace, "/api/v1/namespaces", names, func(o *kube.Objects) *kube.Table[struct{}] { return &o.Namespaces }, readName),
		newKind(kube.KindPDB, "/apis/policy/v1/poddisruptionbudgets", protobuf, func(o *kube.Objects) *kube.Table[kube.PDB] { return &o.PDBs }, readBudget),
		newKind(kube.KindNetworkPolicy, "/apis/networking.k8s.io/v1/networkpolicies", names, func(o *kube.Objects) *kube.Table[struct{}] { return &o.Policies }, readName),
		newKind(kube.KindServiceCIDR, "/apis/networking.k8s.io/v1/servicecidrs", protobuf, func(o *kube.Objects) *kube.Table[kube.ServiceCIDR] { return &o.ServiceCIDRs }, readServiceCIDR),
		use,
		newKind(kube.KindStorageClass, storage, protobuf, func(o *kube.Objects) *kube.Table[kube.StorageClass] { return &o.StorageClasses }, readClass),
		newKind(kube.KindVM, virt+"virtualmachines", jsonText, func(o *kube.Objects) *kube.Table[kube.VM] { return &o.VMs }, readVM),
		newKind(kube.KindVMI, virt+"virtualmachineinstances", jsonText, func(o *kube.Objects) *kube.Table[kube.VMI] { return &o.VMIs }, readInstance),
		newKind(kube.KindMigration, virt+"virtualmachineinstancemigrations", jsonText, func(o *kube.Objects) *kube.Table[kube.Migration] { return &o.Migrations }, readMigration),
		newKind(kube.KindKubeVirt, virt+"kubevirts", jsonText, func(o *kube.Objects) *kube.Table[kube.KubeVirt] { return &o.KubeVirts }, readKubeVirt),
		newKind(kube.KindDataVolume, "/apis/cdi.kubevirt.io/v1beta1/datavolumes", names, func(o *kube.Objects) *kube.Table[struct{}] { return &o.DataVolumes }, readName),
		newKind(kube.KindNAD, "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions", names, func(o *kube.Objects) *kube.Table[struct{}] { return &o.NADs }, readName),
	}
}
