package configs

import "reflect"

// Values returns every setting by its key, "train.seed": a number as float64, a
// bool, and all else as text, lists as YAML on one line.
func Values(c Config) map[string]any {
	values := map[string]any{}
	for _, f := range leaves(&c) {
		switch v := f.value; v.Kind() {
		case reflect.Bool:
			values[f.path] = v.Bool()
		case reflect.Int, reflect.Int64:
			values[f.path] = float64(v.Int())
		case reflect.Float64:
			values[f.path] = v.Float()
		case reflect.String:
			values[f.path] = v.String()
		default:
			values[f.path] = flow(v)
		}
	}
	return values
}
