package apitest

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
)

// Eviction is what somebody wants to evict.
type Eviction struct {
	Namespace, Pod string
	Agent          string // who asks, as far as the API server knows: a user's name
	Rehearsal      bool   // nothing is to change by it
}

// Evictions asks deny about each eviction, as KubeVirt's webhook is asked: what it returns refuses one, with the code 429; an empty text
// lets it pass. It is called from several goroutines.
func (c *Cluster) Evictions(deny func(Eviction) string) {
	c.t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID       string `json:"uid"`
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
				DryRun    bool   `json:"dryRun"`
				UserInfo  struct {
					Username string `json:"username"`
				} `json:"userInfo"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		q := &review.Request
		answer := Object{"uid": q.UID, "allowed": true}
		if why := deny(Eviction{q.Namespace, q.Name, q.UserInfo.Username, q.DryRun}); why != "" {
			answer["allowed"], answer["status"] = false, Object{"code": http.StatusTooManyRequests, "message": why}
		}
		_ = json.NewEncoder(w).Encode(Object{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}) // the API server tells
	}))
	c.t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	c.Create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", Object{
		"metadata": Object{"name": "virt-api-validator"},
		"webhooks": []Object{{
			"name": "virt-launcher-eviction-interceptor.kubevirt.io", "sideEffects": "NoneOnDryRun", "admissionReviewVersions": []string{"v1"},
			"failurePolicy": "Fail", "clientConfig": Object{"url": server.URL, "caBundle": authority},
			"rules": []Object{{"operations": []string{"*"}, "apiGroups": []string{""}, "apiVersions": []string{"v1"}, "resources": []string{"pods/eviction"}, "scope": "*"}},
		}},
	})
}
