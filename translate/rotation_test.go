package translate_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// TestRotationChangesSecretsAlone: new certificates and CA certificates of the same names leave every other resource as
// it was, so that nothing drains and no connection to a backend is cut.
func TestRotationChangesSecretsAlone(t *testing.T) {
	for _, name := range []string{
		"backendtlspolicy/verified", "backendtlspolicy/tlsroute", "clientcertificate/presented", "frontendvalidation/per-port",
	} {
		t.Run(name, func(t *testing.T) {
			before := goldentest.Load(t, filepath.Join(testdata, name, "input.yaml"))
			after := *before
			after.Secrets, after.ConfigMaps = rotate(before.Secrets), rotateCAs(before.ConfigMaps)
			old, err := translate.Translate(before, options)
			require.NoError(t, err)
			rotated, err := translate.Translate(&after, options)
			require.NoError(t, err)
			require.Equal(t, old.Statuses, rotated.Statuses)
			require.NotEmpty(t, old.Gateways[0].Secrets)
			for i, g := range old.Gateways {
				require.Len(t, rotated.Gateways[i].Secrets, len(g.Secrets))
				for j := range g.Secrets {
					require.Equal(t, g.Secrets[j].GetName(), rotated.Gateways[i].Secrets[j].GetName())
					require.NotEqual(t, g.Secrets[j].String(), rotated.Gateways[i].Secrets[j].String())
				}
				old.Gateways[i].Secrets, rotated.Gateways[i].Secrets = nil, nil
			}
			require.Equal(t, encode(t, old), encode(t, rotated))
		})
	}
}

// rotate gives every Secret the certificate of the next one.
func rotate(secrets []*corev1.Secret) []*corev1.Secret {
	out := make([]*corev1.Secret, len(secrets))
	for i, s := range secrets {
		out[i] = s.DeepCopy()
		out[i].Data = secrets[(i+1)%len(secrets)].Data
	}
	return out
}

// rotateCAs gives every bundle one certificate more.
func rotateCAs(configMaps []*corev1.ConfigMap) []*corev1.ConfigMap {
	out := make([]*corev1.ConfigMap, len(configMaps))
	for i, m := range configMaps {
		out[i] = m.DeepCopy()
		out[i].Data["ca.crt"] += m.Data["ca.crt"]
	}
	return out
}
