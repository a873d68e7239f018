package envoy

// Token reports whether s is a token of RFC 9110: what the names of headers, methods and query parameters of the API
// consist of.
func Token(s string) bool {
	for i := range len(s) {
		if !tokenChars[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenChars = func() (set [256]bool) {
	for c := byte('0'); c <= '9'; c++ {
		set[c] = true
	}
	for c := byte('a'); c <= 'z'; c++ {
		set[c], set[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		set[c] = true
	}
	return set
}()
