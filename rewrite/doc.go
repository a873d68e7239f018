// Package rewrite is the language of Gateway API path, host and redirect modifiers.
package rewrite
