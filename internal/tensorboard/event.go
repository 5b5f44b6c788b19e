package tensorboard

import (
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of the fields of tensorflow/core/util/event.proto,
// tensorflow/core/framework/summary.proto, and of TensorBoard's
// plugins/hparams/plugin_data.proto.
const (
	eventTime    = 1 // double
	eventStep    = 2 // int64
	eventVersion = 3 // string
	eventSummary = 5

	summaryValue = 1

	valueTag      = 1 // string
	valueScalar   = 2 // float
	valueMetadata = 9

	metadataPlugin = 1
	pluginName     = 1 // string
	pluginContent  = 2 // bytes

	hparamsStart = 3
	hparamsEnd   = 4
	startHParams = 1 // map<string, google.protobuf.Value>
	startTime    = 5 // double
	endStatus    = 1
	endTime      = 2 // double

	mapKey, mapValue = 1, 2

	numberValue, stringValue, boolValue = 2, 3, 4
)

// statusSuccess is that of a session which came to its end.
const statusSuccess = 1

// Tags of the records that the HParams page reads.
const (
	startTag = "_hparams_/session_start_info"
	endTag   = "_hparams_/session_end_info"
)

// Scalar is a figure by its name, such as "epoch/valid_loss".
type Scalar struct {
	Tag   string
	Value float64
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

func appendText(b []byte, field protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), text)
}

func appendDouble(b []byte, field protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(v))
}

func appendInt(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// version begins every event file.
func version(now time.Time) []byte {
	return appendText(appendDouble(nil, eventTime, seconds(now)), eventVersion, "brain.Event:2")
}

// event is one with a summary.
func event(now time.Time, step int, summary []byte) []byte {
	b := appendInt(appendDouble(nil, eventTime, seconds(now)), eventStep, uint64(step))
	return appendMessage(b, eventSummary, summary)
}

func scalars(list []Scalar) []byte {
	var b []byte
	for _, s := range list {
		v := appendText(nil, valueTag, s.Tag)
		v = protowire.AppendTag(v, valueScalar, protowire.Fixed32Type)
		v = protowire.AppendFixed32(v, math.Float32bits(float32(s.Value)))
		b = appendMessage(b, summaryValue, v)
	}
	return b
}

// hparams is a summary for the HParams page: content is a field of its
// HParamsPluginData.
func hparams(tag string, field protowire.Number, content []byte) []byte {
	plugin := appendText(nil, pluginName, "hparams")
	plugin = appendMessage(plugin, pluginContent, appendMessage(nil, field, content))
	v := appendText(nil, valueTag, tag)
	v = appendMessage(v, valueMetadata, appendMessage(nil, metadataPlugin, plugin))
	return appendMessage(nil, summaryValue, v)
}

// start lists the hyperparameters: numbers (float64), bools, and strings.
func start(now time.Time, values map[string]any) []byte {
	var b []byte
	for _, name := range sortedKeys(values) {
		var v []byte
		switch x := values[name].(type) {
		case float64:
			v = appendDouble(nil, numberValue, x)
		case bool:
			v = appendInt(nil, boolValue, protowire.EncodeBool(x))
		case string:
			v = appendText(nil, stringValue, x)
		}
		b = appendMessage(b, startHParams, appendMessage(appendText(nil, mapKey, name), mapValue, v))
	}
	return hparams(startTag, hparamsStart, appendDouble(b, startTime, seconds(now)))
}

func end(now time.Time) []byte {
	return hparams(endTag, hparamsEnd, appendDouble(appendInt(nil, endStatus, statusSuccess), endTime, seconds(now)))
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// parse returns the step of an event and the first tag of its summary, "" for
// one without a summary.
func parse(event []byte) (step int, tag string, err error) {
	err = fields(event, func(field protowire.Number, number uint64, message []byte) error {
		switch {
		case field == eventStep:
			step = int(number)
		case field == eventSummary && tag == "":
			tag, err = firstTag(message)
		}
		return err
	})
	return step, tag, err
}

func firstTag(summary []byte) (tag string, err error) {
	err = fields(summary, func(field protowire.Number, _ uint64, value []byte) error {
		if field != summaryValue || tag != "" {
			return nil
		}
		return fields(value, func(field protowire.Number, _ uint64, text []byte) error {
			if field == valueTag {
				tag = string(text)
			}
			return nil
		})
	})
	return tag, err
}

// fields calls f for each field of a message, with the number of a varint or the
// bytes of what is counted in bytes.
func fields(message []byte, f func(field protowire.Number, number uint64, content []byte) error) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var number uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := f(field, number, content); err != nil {
			return err
		}
	}
	return nil
}
