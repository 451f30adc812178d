package analysis
import "context"
func askPowerUsers(context.Context, *Env) (Answer, error) { return nothing("being written"), nil }
func askStickiness(context.Context, *Env) (Answer, error) { return nothing("being written"), nil }
func askLifecycle(context.Context, *Env) (Answer, error) { return nothing("being written"), nil }
func askRetention(context.Context, *Env) (Answer, error) { return nothing("being written"), nil }
