import type { Messages } from './messages.en.js';

export const es: Messages = {
  problems: {
    validation_failed: {
      title: 'La petición no es válida',
      detail: 'Uno o más campos del cuerpo faltan, son desconocidos o no son válidos. Consulte «errors».',
    },
    malformed_request: {
      title: 'No se pudo leer la petición',
      detail: 'La petición no es HTTP válido con un objeto JSON como cuerpo.',
    },
    not_found: { title: 'No encontrado', detail: 'No hay nada en esta URL.' },
    method_not_allowed: {
      title: 'Método no permitido',
      detail: 'Esta URL no admite el método. Consulte la cabecera Allow.',
    },
    request_timeout: { title: 'La petición tardó demasiado', detail: 'La petición no llegó completa a tiempo.' },
    precondition_failed: {
      title: 'No se cumple una condición previa',
      detail: 'El recurso no cumple una condición de la petición, como If-Match.',
    },
    body_too_large: { title: 'El cuerpo es demasiado grande', detail: 'El cuerpo no debe superar los 32 KiB.' },
    unsupported_media_type: {
      title: 'Tipo de contenido no admitido',
      detail: 'Envíe el cuerpo como Content-Type: application/json, o como formulario si la URL lo admite.',
    },
    range_not_satisfiable: {
      title: 'Rango no disponible',
      detail: 'El recurso no tiene ninguno de los rangos de la cabecera Range. Content-Range indica su longitud.',
    },
    too_many_requests: {
      title: 'Demasiadas peticiones',
      detail:
        'Ha habido demasiadas peticiones de este tipo. Inténtelo de nuevo tras el tiempo indicado en Retry-After.',
    },
    headers_too_large: {
      title: 'Las cabeceras son demasiado grandes',
      detail: 'La línea de petición y las cabeceras son demasiado grandes.',
    },
    internal_error: {
      title: 'Algo salió mal',
      detail: 'El servidor falló y registró el error. Comunique el request_id al operador del servicio.',
    },
    unavailable: {
      title: 'El servicio no está disponible',
      detail:
        'El servicio no puede acceder a algo que necesita. Inténtelo de nuevo tras el tiempo indicado en Retry-After.',
    },
    registration_closed: { title: 'El registro está cerrado', detail: 'Este servicio no admite registros.' },
    username_taken: {
      title: 'El nombre de usuario ya está en uso',
      detail: 'Ya existe una cuenta con este nombre de usuario.',
    },
    email_taken: {
      title: 'El correo electrónico ya está en uso',
      detail: 'Ya existe una cuenta con este correo electrónico.',
    },
    password_rejected: {
      title: 'La contraseña fue rechazada',
      detail: 'La contraseña no cumple la política de contraseñas. Consulte «errors».',
    },
    busy: {
      title: 'El servicio está ocupado',
      detail: 'Se están comprobando demasiadas contraseñas. Inténtelo de nuevo tras el tiempo indicado en Retry-After.',
    },
    too_many_attempts: {
      title: 'Demasiados intentos',
      detail:
        'Ha habido demasiados intentos fallidos con este nombre. No se comprobará ninguna contraseña hasta que pase el tiempo indicado en Retry-After.',
    },
    wrong_password: {
      title: 'La contraseña es incorrecta',
      detail: 'Esta no es la contraseña de este usuario.',
    },
    invalid_credentials: {
      title: 'Nombre, correo o contraseña incorrectos',
      detail: 'No hay ningún usuario con este nombre y contraseña.',
    },
    token_missing: {
      title: 'Falta el token de acceso',
      detail: 'Envíe un token de acceso como Authorization: Bearer <token>, o una cookie de sesión.',
    },
    token_malformed: {
      title: 'El token de acceso no es válido',
      detail: 'El token de acceso está mal formado o no es auténtico.',
    },
    token_expired: {
      title: 'El token de acceso ha caducado',
      detail: 'El token de acceso ha caducado. Obtenga otro con el token de refresco.',
    },
    token_revoked: {
      title: 'El token de acceso fue revocado',
      detail: 'La sesión de este token de acceso ha terminado. Inicie sesión de nuevo.',
    },
    refresh_token_invalid: {
      title: 'El token de refresco no es válido',
      detail: 'El token de refresco falta, está mal formado o no es auténtico.',
    },
    refresh_token_expired: {
      title: 'El token de refresco ha caducado',
      detail: 'El token de refresco ha caducado. Inicie sesión de nuevo.',
    },
    refresh_token_reused: {
      title: 'El token de refresco ya se había usado',
      detail: 'El token de refresco ya se había usado, por lo que se ha cerrado su sesión. Inicie sesión de nuevo.',
    },
    csrf_failed: {
      title: 'La petición podría proceder de otro sitio',
      detail:
        'Envíe el csrf_token de esta sesión como X-CSRF-Token, desde una página de este servicio o de un origen admitido.',
    },
    cookie_required: {
      title: 'Se requiere una cookie de sesión',
      detail:
        'Envíe la cookie de sesión, sin token de acceso. Un cliente con token de refresco obtiene tokens nuevos con POST /auth/refresh.',
    },
    session_invalid: {
      title: 'La cookie de sesión no es válida',
      detail: 'La cookie de sesión no es auténtica, o hay más de una. Inicie sesión de nuevo.',
    },
    session_expired: {
      title: 'La sesión ha caducado',
      detail: 'La sesión estuvo inactiva demasiado tiempo o alcanzó su duración máxima. Inicie sesión de nuevo.',
    },
    session_not_found: {
      title: 'Sesión no encontrada',
      detail: 'Este usuario no tiene ninguna sesión con este identificador.',
    },
    invalid_client: {
      title: 'Cliente desconocido',
      detail: 'Envíe por HTTP Basic el client_id y el client_secret de un cliente registrado.',
    },
    session_revoked: {
      title: 'La sesión ha terminado',
      detail: 'La sesión de este token o de esta cookie ha terminado. Inicie sesión de nuevo.',
    },
  },
  faults: {
    required: 'Este campo es obligatorio.',
    unknown_member: 'Este campo es desconocido.',
    not_a_string: 'Debe ser una cadena de texto.',
    not_an_object: 'El cuerpo debe ser un objeto JSON.',
    invalid_text: 'No debe contener NUL ni un sustituto suelto.',
    empty: 'No debe estar vacío.',
    transport_unknown: 'Debe ser "bearer" o "cookie".',
    two_tokens: 'La cabecera Authorization lleva otro token. Envíe un solo token, o el mismo dos veces.',
    keep_unknown: 'Debe ser "current".',
    event_type_unknown: 'Este tipo de evento no existe.',
    not_an_id: 'Debe ser un identificador.',
    limit_out_of_range: 'Debe ser un número entero de 1 a 100.',
    username_invalid:
      'Un nombre de usuario tiene de 1 a 64 caracteres, sin caracteres de control. Los espacios deben ser simples e interiores; @ solo se admite si coincide con el correo electrónico.',
    email_invalid: 'No es una dirección de correo electrónico válida.',
    password_too_short: 'La contraseña debe tener al menos {minimum} caracteres.',
    password_too_long: 'La contraseña debe tener como máximo {maximum} caracteres.',
    password_common: 'Esta contraseña es muy común y fácil de adivinar.',
    password_contains_name:
      'Esta contraseña es el nombre de usuario o la dirección de correo, con poco o nada añadido.',
    password_contains_service_name: 'Esta contraseña es el nombre de este servicio, con poco o nada añadido.',
    password_breached: 'Esta contraseña aparece en una filtración de datos conocida.',
  },
};
