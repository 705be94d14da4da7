module kubepki.dev/bench/fleet-go

go 1.26
