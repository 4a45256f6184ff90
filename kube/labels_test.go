package kube

import "testing"

func TestLabels(t *testing.T) {
	set := LabelsOf("app=db", "role=main", "tier=")
	for _, other := range []Labels{"", LabelsOf("app=db"), LabelsOf("tier=", "app=db"), set} {
		if !set.Has(other) {
			t.Errorf("%d labels are not found", len(other)/labelSize)
		}
	}
	for _, label := range []string{"app=dbx", "app=", "role=db", "", "app=db\nrole=main"} {
		if set.Has(LabelsOf(label)) || set.Has(LabelsOf("app=db", label)) || Labels("").Has(LabelsOf(label)) {
			t.Errorf("%q is found", label)
		}
	}
}
