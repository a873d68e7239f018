package objects

import (
	"encoding/json"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// SessionPersistence has the fields that sessionPersistence has in any release. Since they moved with v1.7.0 they are read
// by their JSON names; those that the linked release does not have are unset.
type SessionPersistence struct {
	Type            *gwv1.SessionPersistenceType `json:"type"`
	AbsoluteTimeout *gwv1.Duration               `json:"absoluteTimeout"`

	SessionName  string         `json:"sessionName"`  // before v1.7.0
	CookieConfig *SessionCookie `json:"cookieConfig"` // before v1.7.0
	Cookie       *SessionCookie `json:"cookie"`
	Header       *SessionHeader `json:"header"`
}

// SessionCookie is about the cookie that holds a session.
type SessionCookie struct {
	Name         string                   `json:"name"`
	Path         string                   `json:"path"`
	LifetimeType *gwv1.CookieLifetimeType `json:"lifetimeType"`
}

// SessionHeader is about the header that holds a session.
type SessionHeader struct {
	Name string `json:"name"`
}

// ReadSessionPersistence reads the linked release's type. The error says why it cannot be read.
func ReadSessionPersistence(spec *gwv1.SessionPersistence) (p SessionPersistence, err error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}
