package status

// What the CRDs admit: the maxItems of each list, the maxLength of a condition's message.
const (
	maxConditions = 8
	maxFeatures   = 64
	maxListeners  = 64
	maxKinds      = 8
	maxAddresses  = 16
	maxParents    = 32
	maxAncestors  = 16

	// maxMessage is in characters. It is counted in bytes here, which are never fewer.
	maxMessage = 32768
)
