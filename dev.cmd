@echo off
dotnet run --project "%~dp0tools\Dev\Dev.csproj" --configuration Release -- %*
