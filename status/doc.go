// Package status turns what was decided about Gateway API objects into their statuses.
package status
