package kubelet

import (
	"fmt"
	"strings"

	"github.com/gatewayxds/gatewayxds/conformance/internal/build"
	"github.com/gatewayxds/gatewayxds/internal/envoytest"
)

// EnvoyImage is what pods name to run Envoy.
const EnvoyImage = "envoyproxy/envoy:v" + envoytest.Version

// An image is a program that stands for the container images whose name contains a word.
type image struct {
	word    string
	program string
	// shared programs need the machine's libraries, so they see its files; the others see only their own directory.
	shared bool
}

func images(programs build.Programs) []image {
	return []image{
		{word: "/echo-basic:", program: programs.EchoBasic},
		{word: "/coredns:", program: programs.CoreDNS},
		{word: EnvoyImage, program: programs.Envoy, shared: true},
	}
}

func findImage(all []image, name string) (image, error) {
	for _, image := range all {
		if strings.Contains(name, image.word) {
			return image, nil
		}
	}
	return image{}, fmt.Errorf("image %s stands for no program here", name)
}
