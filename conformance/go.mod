module github.com/gatewayxds/gatewayxds/conformance

go 1.26.0

replace github.com/gatewayxds/gatewayxds => ..
