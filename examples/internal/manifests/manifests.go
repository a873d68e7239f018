// Package manifests reads the objects of a translation from files, for hosts that have no API server.
//
//	FILE or DIR ──Read──► Set{Objects, Controller, Problems}
//
// What one document has wrong costs that document, and is told with its file and line. What an API server and a cluster
// would have added is added: the namespace "default", a generation, and a GatewayClass of ours for Gateways that come without one.
package manifests

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// DefaultController owns the GatewayClasses that are added.
const DefaultController gwv1.GatewayController = "gatewayxds.example/local"

// Set is what some files hold.
type Set struct {
	Objects *translate.Objects
	// Controller is that of the first GatewayClass, or DefaultController: whoever a manifest was written for, we serve it.
	Controller gwv1.GatewayController
	// Problems are what could not be read, one a line of text: file, document, line, reason.
	Problems []string
	// Read counts the objects that could.
	Read int
}

// Read reads a file, or all .yaml, .yml and .json files below a directory. The error is about the path itself.
func Read(path string) (*Set, error) { return new(Reader).Read(path) }

// Reader reads a path again and again. A file that has become unreadable keeps its last readable content, as objects in
// an API server outlive an edit that is refused. The zero value is ready.
type Reader struct {
	good map[string][]byte // by file name
}

// Read reads a file, or all .yaml, .yml and .json files below a directory. The error is about the path itself.
func (r *Reader) Read(path string) (*Set, error) {
	names, err := Files(path)
	if err != nil {
		return nil, err
	}
	s := &Set{Objects: &translate.Objects{}}
	good := make(map[string][]byte, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			s.Problems = append(s.Problems, err.Error())
			continue
		}
		_, report := version.Decode(data)
		if last, ok := r.good[name]; ok && len(report.Only(version.Invalid)) > 0 {
			for _, e := range report.Only(version.Invalid) {
				s.Problems = append(s.Problems, name+": "+e.String()+" (the file's last readable content stays in force)")
			}
			data = last
		}
		good[name] = data
		s.add(name, data)
	}
	r.good = good
	s.adopt()
	return s, nil
}

// Files returns the names that Read reads, in order.
func Files(path string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := filepath.Ext(name)
		if !d.IsDir() && (name == path || ext == ".yaml" || ext == ".yml" || ext == ".json") {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Parse reads one file's content; name is what problems call it.
func Parse(name string, data []byte) *Set {
	s := &Set{Objects: &translate.Objects{}}
	s.add(name, data)
	s.adopt()
	return s
}

func (s *Set) add(name string, data []byte) {
	objects, report := version.Decode(data)
	for _, e := range report.Lost() {
		s.Problems = append(s.Problems, name+": "+e.String())
	}
	for _, o := range objects {
		if s.keep(o.Object) {
			s.Read++
		} else if !slices.ContainsFunc(report.Lost(), func(e version.Entry) bool { return e.Document == o.Document }) {
			s.Problems = append(s.Problems, fmt.Sprintf("%s: document %d (line %d): %s %s is no input of a translation",
				name, o.Document, o.Line, o.GVK.Kind, o.Object.GetName()))
		}
	}
}

// keep adds an object, with what an API server would have filled in, if translation looks at objects of its kind.
func (s *Set) keep(o version.Resource) bool {
	switch o.(type) {
	case *gwv1.GatewayClass, *corev1.Namespace: // cluster-scoped
	default:
		if o.GetNamespace() == "" {
			o.SetNamespace(metav1.NamespaceDefault)
		}
	}
	if o.GetGeneration() == 0 {
		o.SetGeneration(1)
	}
	return s.Objects.Add(o)
}

// adopt makes the Gateways ours.
func (s *Set) adopt() {
	s.Controller = DefaultController
	known := map[string]bool{}
	for _, class := range s.Objects.GatewayClasses {
		known[class.Name] = true
	}
	if len(known) > 0 {
		first := slices.MinFunc(s.Objects.GatewayClasses, func(a, b *gwv1.GatewayClass) int { return strings.Compare(a.Name, b.Name) })
		s.Controller = first.Spec.ControllerName
	}
	for _, gw := range s.Objects.Gateways {
		name := string(gw.Spec.GatewayClassName)
		if known[name] {
			continue
		}
		known[name] = true
		s.Objects.GatewayClasses = append(s.Objects.GatewayClasses, &gwv1.GatewayClass{
			ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
			Spec:       gwv1.GatewayClassSpec{ControllerName: s.Controller},
		})
	}
}
