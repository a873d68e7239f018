package objects

// RouteID stands for a RouteKey where it serves as a key ten times over: hashing three strings each time would be a
// tenth of a translation.
type RouteID uint32

// ServiceID stands for the name of a Service that is there or that a policy targets; 0 for any other.
type ServiceID uint32

// IDs gives each route and each Service a number that it keeps from one Index to the next.
type IDs struct {
	routes    map[space]map[string]RouteID // by name: a key of three strings takes three times as long to find
	routeKeys []RouteKey
	services  map[string]map[string]ServiceID // by namespace and name
	names     []Name                          // of Services; the first is none's
}

// space is where names of routes are unique.
type space struct {
	kind      Kind
	namespace string
}

// routesIn are the numbers of the routes of a kind and namespace, of which about so many may come.
func (n *IDs) routesIn(s space, about int) map[string]RouteID {
	if n.routes == nil {
		n.routes = map[space]map[string]RouteID{}
	}
	ids := n.routes[s]
	if ids == nil {
		ids = make(map[string]RouteID, about)
		n.routes[s] = ids
	}
	return ids
}

// route is the number of a route, given those of its kind and namespace.
func (n *IDs) route(in map[string]RouteID, k RouteKey) RouteID {
	id, ok := in[k.Name]
	if !ok {
		id = RouteID(len(n.routeKeys))
		in[k.Name] = id
		n.routeKeys = append(n.routeKeys, k)
	}
	return id
}

func (n *IDs) addService(name Name) {
	space := n.services[name.Namespace]
	if space == nil {
		space = map[string]ServiceID{}
		n.services[name.Namespace] = space
	}
	if space[name.Name] == 0 {
		space[name.Name] = ServiceID(len(n.names))
		n.names = append(n.names, name)
	}
}

// addServices numbers the Services of an Index and those that its policies target.
func (ix *Index) addServices() {
	if ix.ids.services == nil {
		ix.ids.services, ix.ids.names = map[string]map[string]ServiceID{}, make([]Name, 1, 1+len(ix.services))
	}
	for name := range ix.services {
		ix.ids.addService(name)
	}
	for name := range ix.policiesBy {
		ix.ids.addService(name)
	}
}
