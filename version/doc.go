// Package version reads Gateway API objects of every API version into today's Go types.
package version
