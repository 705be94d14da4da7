module kubepki.dev/load-go

go 1.26
