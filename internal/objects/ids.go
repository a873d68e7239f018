package objects

import corev1 "k8s.io/api/core/v1"

// RouteID stands for a RouteKey where it serves as a key ten times over: hashing three strings each time would be a
// tenth of a translation.
type RouteID uint32

// ServiceID stands for the name of a Service; 0 for one that no Index has seen.
type ServiceID uint32

// IDs gives each route and each Service a number that it keeps from one Index to the next.
type IDs struct {
	routes    map[RouteKey]RouteID
	routeKeys []RouteKey
	services  map[string]map[string]ServiceID // by namespace and name: faster than a key of two strings
	highest   ServiceID
}

func (n *IDs) route(k RouteKey) RouteID {
	id, ok := n.routes[k]
	if !ok {
		id = RouteID(len(n.routeKeys))
		n.routes[k] = id
		n.routeKeys = append(n.routeKeys, k)
	}
	return id
}

func (n *IDs) addServices(services map[Name]*corev1.Service) {
	if n.services == nil {
		n.services = map[string]map[string]ServiceID{}
	}
	for name := range services {
		space := n.services[name.Namespace]
		if space == nil {
			space = map[string]ServiceID{}
			n.services[name.Namespace] = space
		}
		if space[name.Name] == 0 {
			n.highest++
			space[name.Name] = n.highest
		}
	}
}
