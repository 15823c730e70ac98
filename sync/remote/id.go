package remote

import (
	"strings"

	"mailstow/sync/wire"
)

// maxIDFields is RFC 2971's own limit of field-value pairs.
const maxIDFields = 30

func idCommand() *wire.Command { return wire.Cmd("ID").Raw(`("name" "mailstow")`) }

// readID takes the server's answer to ID; a NIL answer leaves it empty.
func (c *Conn) readID(resp *wire.Response) error {
	tok, err := resp.Next()
	if err != nil || tok.Kind != wire.Open {
		return err
	}
	id := map[string]string{}
	defer func() { c.info.ServerID = id }()
	for len(id) < maxIDFields {
		key, err := resp.Next()
		if err != nil || key.Kind == wire.Close || key.Kind == wire.End {
			return err
		}
		name, err := resp.Text(key)
		if err != nil {
			return err
		}
		value, err := resp.String()
		if err != nil {
			return err
		}
		id[strings.ToLower(name)] = wire.OneLine([]byte(value))
	}
	return nil
}
