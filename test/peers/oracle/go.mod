module kubepki.dev/test/peers/oracle

go 1.26
