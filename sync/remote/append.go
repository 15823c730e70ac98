package remote

// maxUnasked is the longest literal sent to a server with LITERAL+ without asking:
// one that refuses must read it all the same. A longer one may be refused ahead.
const maxUnasked = 1 << 20
