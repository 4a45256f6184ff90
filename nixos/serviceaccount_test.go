package nixos_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestServiceAccountOnlyReads: the account that docs/nixos.md recommends may look at the kinds that the console
// shows, and at nothing else.
func TestServiceAccountOnlyReads(t *testing.T) {
	text, err := os.ReadFile("serviceaccount.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	kinds := map[string]int{}
	for {
		var object struct {
			Kind  string
			Rules []struct {
				APIGroups       []string `yaml:"apiGroups"`
				Resources       []string
				NonResourceURLs []string `yaml:"nonResourceURLs"`
				Verbs           []string
			}
		}
		if decoder.Decode(&object) != nil {
			break
		}
		kinds[object.Kind]++
		for _, r := range object.Rules {
			for _, verb := range r.Verbs {
				if !slices.Contains([]string{"get", "list", "watch"}, verb) {
					t.Errorf("%v may %s", r.Resources, verb)
				}
			}
			for _, resource := range slices.Concat(r.Resources, r.NonResourceURLs) {
				got = append(got, strings.Trim(resource+"."+strings.Join(r.APIGroups, ""), "."))
			}
		}
	}
	want := []string{
		"/livez", "/readyz", "/version", "datavolumes.cdi.kubevirt.io", "events", "kubevirts.kubevirt.io", "namespaces",
		"network-attachment-definitions.k8s.cni.cncf.io", "networkpolicies.networking.k8s.io", "nodes",
		"nodes.metrics.k8s.io", "persistentvolumeclaims", "pods", "servicecidrs.networking.k8s.io", "services", "storageclasses.storage.k8s.io",
		"virtualmachineinstancemigrations.kubevirt.io", "virtualmachineinstances.kubevirt.io", "virtualmachines.kubevirt.io",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the account may read\n%q, want\n%q", got, want)
	}
	all := []string{"ClusterRole", "ClusterRoleBinding", "Namespace", "Secret", "ServiceAccount"}
	if !slices.Equal(slices.Sorted(maps.Keys(kinds)), all) || kinds["ClusterRole"] != 1 {
		t.Errorf("the file has %v", kinds)
	}
}

// TestActServiceAccount: the account of the helper may do what the actions need, and nothing else.
func TestActServiceAccount(t *testing.T) {
	text, err := os.ReadFile("serviceaccount-act.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for decoder := yaml.NewDecoder(strings.NewReader(string(text))); ; {
		var object struct {
			Kind  string
			Rules []struct {
				APIGroups       []string `yaml:"apiGroups"`
				Resources       []string
				NonResourceURLs []string `yaml:"nonResourceURLs"`
				Verbs           []string
			}
		}
		if decoder.Decode(&object) != nil {
			break
		}
		for _, r := range object.Rules {
			for _, resource := range slices.Concat(r.Resources, r.NonResourceURLs) {
				got = append(got, strings.Join(r.Verbs, ",")+" "+resource+" "+strings.Join(r.APIGroups, ","))
			}
		}
	}
	const sub = " subresources.kubevirt.io"
	want := []string{
		"get,list,patch nodes ", "list pods ", "create pods/eviction ", "get virtualmachines kubevirt.io", "get virtualmachineinstances kubevirt.io",
		"update virtualmachines/start" + sub, "update virtualmachines/stop" + sub, "update virtualmachines/restart" + sub, "update virtualmachines/migrate" + sub,
		"update virtualmachineinstances/pause" + sub, "update virtualmachineinstances/unpause" + sub, "update virtualmachineinstances/softreboot" + sub,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the helper may\n%q, want\n%q", got, want)
	}
}
