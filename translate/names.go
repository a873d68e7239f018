package translate

import (
	"strconv"
	"strings"
)

// ParseRouteName tells from which object, rule and match an Envoy route was made, given its name as %ROUTE_NAME% logs
// it: "HTTPRoute/NAMESPACE/NAME/rule/0/match/1", with more behind it where a match became several routes. The Generation
// is not in the name and stays 0. It is false for routes that come from no rule.
func ParseRouteName(name string) (Origin, bool) {
	part := strings.SplitN(name, "/", 8)
	if len(part) < 7 || part[3] != "rule" || part[5] != "match" {
		return Origin{}, false
	}
	rule, err := strconv.Atoi(part[4])
	if err != nil {
		return Origin{}, false
	}
	match, err := strconv.Atoi(part[6])
	if err != nil {
		return Origin{}, false
	}
	return Origin{Kind: part[0], Namespace: part[1], Name: part[2], Rule: rule, Match: match}, true
}
